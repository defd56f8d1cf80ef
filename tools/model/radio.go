package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Radio procedure as it is typed: call signs, grids, times, reports, short
// orders, logistics, medical and weather lines. No corpus has them, so they
// are made here, from a fixed seed. Each line is a form with holes.

// maker draws the parts of a line.
type maker struct{ *rand.Rand }

// radioLines makes n lines, always the same ones.
func radioLines(n int) []string {
	m := maker{rand.New(rand.NewPCG(1912, 1844))}
	seen := map[string]bool{}
	var lines []string
	for len(lines) < n {
		s := m.fill(m.pick(forms))
		switch m.IntN(12) {
		case 0:
			s = strings.ToUpper(s)
		case 1, 2:
			s = strings.ToLower(s)
		}
		if !seen[s] {
			seen[s] = true
			lines = append(lines, s)
		}
	}
	return lines
}

func (m maker) pick(from []string) string { return from[m.IntN(len(from))] }

// fill replaces {hole} by a part of that kind, until none is left.
func (m maker) fill(form string) string {
	for {
		before, rest, found := strings.Cut(form, "{")
		if !found {
			return form
		}
		hole, after, _ := strings.Cut(rest, "}")
		form = before + m.part(hole) + after
	}
}

func (m maker) part(hole string) string {
	if from, ok := words[hole]; ok {
		return m.pick(from)
	}
	switch hole {
	case "ham":
		return m.ham()
	case "grid":
		return m.grid()
	case "mgrs":
		digits := 2 + m.IntN(3)
		return fmt.Sprintf("%d%c%c%c %0*d %0*d", 10+m.IntN(50), m.letter("CDEFGHJKLMNPQRSTUVWX"), m.letter("ABCDEFGHJKLMNPQRSTUVWXYZ"),
			m.letter("ABCDEFGHJKLMNPQRSTUV"), digits+1, m.IntN(power10(digits+1)), digits+1, m.IntN(power10(digits+1)))
	case "time":
		return fmt.Sprintf("%02d%02d", m.IntN(24), 5*m.IntN(12))
	case "clock":
		return fmt.Sprintf("%02d:%02d", m.IntN(24), 5*m.IntN(12))
	case "dtg":
		return fmt.Sprintf("%02d%02d%02dZ %s %02d", 1+m.IntN(28), m.IntN(24), m.IntN(60), m.pick(words["month"]), 24+m.IntN(6))
	case "rst":
		return m.pick([]string{"599", "59", "559", "579", "57", "55", "339", "53", "449"})
	case "snr":
		return fmt.Sprintf("%+03d", m.IntN(30)-22)
	case "freq":
		return m.pick([]string{"3.573", "3.580", "3.760", "5.357", "7.074", "7.078", "7.110", "10.136", "14.074", "14.078", "14.300", "18.100", "21.074", "28.074", "144.800", "145.500", "144.390", "433.500", "446.006", "156.800"})
	case "lat":
		return fmt.Sprintf("%.4f", m.Float64()*140-70)
	case "lon":
		return fmt.Sprintf("%.4f", m.Float64()*360-180)
	case "n":
		return fmt.Sprint(1 + m.IntN(9))
	case "nn":
		return fmt.Sprint(10 * (1 + m.IntN(20)))
	case "any":
		return fmt.Sprint(1 + m.IntN(99))
	case "brg":
		return fmt.Sprintf("%03d", m.IntN(360))
	case "volts":
		return fmt.Sprintf("%d.%d", 11+m.IntN(3), m.IntN(10))
	}
	panic("BUG: no part named " + hole)
}

func (m maker) letter(from string) byte { return from[m.IntN(len(from))] }

func (m maker) ham() string {
	s := m.pick([]string{"K", "W", "N", "KD", "KE", "WB", "AA", "VE", "VA", "G", "M", "GM", "DL", "DJ", "DK", "F", "I", "EA", "PA", "ON", "OE", "HB", "OK", "SP", "SM", "LA", "OZ", "OH", "UA", "UR", "UT", "JA", "VK", "ZL", "PY", "LU", "ZS", "9A", "S5", "YO", "LZ", "HA", "4X"}) + fmt.Sprint(m.IntN(10))
	for range 1 + m.IntN(3) {
		s += string(rune('A' + m.IntN(26)))
	}
	if m.IntN(12) == 0 {
		s += m.pick([]string{"/P", "/M", "/MM", "/QRP"})
	}
	return s
}

func (m maker) grid() string {
	s := fmt.Sprintf("%c%c%d%d", 'A'+m.IntN(18), 'A'+m.IntN(18), m.IntN(10), m.IntN(10))
	if m.IntN(2) == 0 {
		s += fmt.Sprintf("%c%c", 'a'+m.IntN(24), 'a'+m.IntN(24))
	}
	return s
}

func power10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

var words = map[string][]string{
	"month":  {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
	"name":   {"Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu"},
	"call":   {"{name} {n}", "{name}", "{name} {n} actual", "{ham}", "{ham}", "base", "control", "HQ", "net control", "all stations", "{unit}"},
	"unit":   {"team {n}", "Team {name}", "the convoy", "the boat", "the forward team", "medic", "medical team", "truck {n}", "search team {n}", "sector {n}", "checkpoint {name}", "CP {n}", "the relief party", "engine {n}", "rescue {n}", "the advance party", "the observation post", "OP {n}", "squad {n}", "2nd squad", "1st platoon"},
	"place":  {"the bridge", "the ford", "the school", "the hospital", "the airfield", "the crossroads", "the harbour", "the church", "the ridge", "the river", "the dam", "the north gate", "base camp", "the landing zone", "LZ {name}", "RV {n}", "rally point {n}", "waypoint {any}", "hill {nn}", "grid {mgrs}", "{grid}", "checkpoint {n}", "the tree line", "the valley", "the village", "the town hall", "the fuel point", "phase line {name}", "the shelter", "mile marker {any}", "the clinic"},
	"dir":    {"north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest", "N", "S", "NE", "SW", "NW", "SE"},
	"thing":  {"water", "fuel", "diesel", "food", "blankets", "batteries", "generators", "tents", "medical supplies", "bandages", "IV fluids", "insulin", "oxygen", "stretchers", "sandbags", "ammo", "spare radios", "antennas", "cable", "rope", "chainsaws", "a tow", "drinking water", "rations", "tarps", "body bags", "a mechanic", "a doctor", "more hands", "a helicopter"},
	"people": {"{any} pax", "{n} adults and {n} children", "{any} persons", "{n} casualties", "{n} walking wounded", "{any} evacuees", "{n} vehicles", "{n} trucks", "a small boat", "{n} civilians", "one adult male", "two hikers", "a family of {n}", "{any} people"},
	"state":  {"clear", "blocked", "flooded", "open", "closed", "secure", "under water", "passable", "passable for 4x4 only", "impassable", "out of service", "damaged", "on fire", "quiet", "crowded", "manned", "ready"},
	"wx":     {"rain", "heavy rain", "light rain", "snow", "fog", "clear sky", "overcast", "thunderstorms", "gusts to {any} kt", "drizzle", "hail", "haze", "low cloud", "broken clouds"},
	"do":     {"hold at", "proceed to", "move to", "return to", "report at", "search", "secure", "set up at", "stand by at", "evacuate", "avoid", "meet at", "regroup at", "check", "resupply at", "wait at"},
	"pri":    {"ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH", "WELFARE", "EMERGENCY"},
	"end":    {"over", "out", "how copy", "ack", "please acknowledge", "wilco", "standing by", "k", "73"},
	"yes":    {"Roger", "Roger that", "Copy", "Copy that", "Copied all", "Wilco", "Affirmative", "Affirm", "Solid copy", "Good copy", "Acknowledged", "QSL", "Read you 5 by 5", "Loud and clear", "Received"},
	"q":      {"QTH?", "QSL?", "QRM", "QRN", "QSB", "QRT", "QRV", "QSY {freq}", "QRX {n}", "QRZ?", "QSO", "QTC {n}", "QRP", "QRO", "QNI", "QTR {time}", "QTH {grid}"},
	"hurt":   {"fracture", "head injury", "hypothermia", "burns", "chest pain", "gunshot wound", "crush injury", "dehydration", "broken leg", "broken arm", "heat stroke", "laceration", "shock", "stable", "conscious and breathing", "unconscious", "walking"},
	"colour": {"red", "amber", "green", "black", "yellow", "white"},
}

var forms = []string{
	"{yes}", "{yes}, {end}", "{call} this is {call}", "{call} this is {call}, {end}", "{call} de {call} {end}", "{call}, {call}, radio check",
	"{yes}, {unit} at {place}", "{yes}, moving to {place}", "Negative", "Negative, {place} is {state}", "Negative contact", "Say again", "Say again all after {place}",
	"Say again your last", "Wait one", "Wait out", "Stand by", "Break break", "Go ahead", "Send your traffic", "Nothing heard", "You are weak but readable", "You are broken, say again",
	"CQ CQ CQ de {ham} {ham} {grid} k", "CQ {ham} {grid}", "{ham} {ham} {grid}", "{ham} {ham} {snr}", "{ham} {ham} R{snr}", "{ham} {ham} RR73", "{ham} {ham} 73", "{ham} de {ham} ur {rst} {rst} name {name} qth {grid} k",
	"{ham} de {ham}", "{ham} {rst}", "ur rst {rst} in {grid}", "tnx fer qso 73 de {ham}", "73 de {ham}", "gm {ham}", "{q}", "{q} {call}", "{call} {q}", "QSY to {freq}", "listening on {freq}", "moving to {freq} now", "try {freq} at {time}z",
	"Checking in, {ham}, no traffic", "{ham} checking in from {grid}, {n} messages", "{ham} checking out, 73", "net opens at {time} local on {freq}", "Net is closed, 73 all", "relay for {ham}: {place} is {state}",
	"SITREP {any}: {place} {state}, {people}, {end}", "SITREP as of {time}: {unit} at {place}, {thing} low", "SITREP {dtg}: no change", "SITREP {time}Z: {people} at {place}, need {thing}", "Nothing significant to report", "NSTR", "No change since {time}",
	"{unit} {do} {place}", "{unit}, {do} {place}", "{unit}: {do} {place} by {time}", "{unit}, {do} {place} NLT {time}Z", "{do} {place} and report", "All stations {do} {place}", "{unit} to {do} {place}, time now", "{call}: be advised {place} is {state}",
	"ETA {time}", "ETA {place} {time}", "ETA {n} minutes", "ETA {place} {nn} mins", "ETD {time} from {place}", "{unit} ETA {clock}", "Departing {place} at {time}", "{unit} departed {place} {clock}", "On station at {place}", "{unit} on scene", "{unit} arrived {place} at {time}", "Arrived {place}, {end}",
	"Position {mgrs}", "pos {lat}, {lon}", "My position is {lat} {lon}", "we are at {mgrs}", "{unit} at {mgrs} heading {dir}", "GRID {mgrs}", "{grid} heading {brg} speed {any}", "Bearing {brg}, {n} km from {place}", "{n}.{n} km {dir} of {place}", "{people} {dir} of {place}", "{people} moving {dir} near {place} at {time}", "{people} spotted at {mgrs}", "2 vehicles moving {dir} on the road to {place}",
	"Road to {place} {state}", "{place} is {state}", "{place} {state}, use {place} instead", "bridge at {mgrs} {state}", "{place}: {people}, {thing} needed", "Request {thing} at {place}", "Request {thing} soonest", "Need {thing} at {place} by {time}", "need {nn} l {thing} and {any} {thing}", "send {any} {thing} to {place}", "{thing} delivered to {place} at {time}", "{thing} running low at {place}", "{nn} blankets and {any} tents arrived at {place}", "{unit} has {nn} litres of fuel left", "We are out of {thing}", "Resupply of {thing} expected {time}",
	"{pri} {pri} {call} de {call}", "{pri}: {people} at {place}, {hurt}", "NR {any} {pri} {ham} {n} {place} {time}Z", "MEDEVAC request {mgrs}, {people}, {hurt}", "{n} casualties, {n} {colour}, {n} {colour}", "1 x {hurt}, {n} x {hurt}", "patient {n}: male {any}, {hurt}, {colour}", "Patient is {hurt}, {hurt}", "Patient handed over to {unit} at {time}", "Triage {colour} {n} {colour} {n} {colour} {n}", "line 1 {mgrs} line 2 {freq} {call} line 3 {n} urgent",
	"WX {place}: {wx}, wind {dir} {any} kt, {any} C", "Wind {brg} at {any} knots, {wx}", "{wx} expected from {time}", "temp {any} wind {dir} {any} {wx}", "visibility {n} km in {wx}", "QNH 10{any}, {wx}", "Water level {n}.{n} m and rising", "River at {place} {n}.{n} m, falling",
	"battery {volts} V", "Batt {volts} V, solar ok", "battery {any}%", "Generator {state}, fuel for {n} h", "repeater at {place} {state}", "RSSI -{any} SNR {snr}", "antenna down at {place}", "Link to {place} is down, use {freq}", "shifting to alternate {freq}", "Radio silence until {time}", "next contact {time}", "next sched {time}Z on {freq}", "will check back at {clock}", "Comms check every {n} hours", "time check {time}", "log closed {dtg}",
	"Missing: {people}, last seen at {place} {time}", "search of sector {n} complete, nothing found", "Sector {n} {state}, moving to sector {n}", "Found {people} at {place}, {hurt}", "Shelter at {place}: {any} of {nn} beds taken", "Evacuation of {place} begins {time}", "{place} evacuated, {people}", "Fire at {place}, spreading {dir}", "Smoke {dir} of {place}", "Shots heard {dir} of {place}", "Explosion near {place} at {time}", "{unit} in contact at {mgrs}", "Contact lost with {unit} since {time}", "No contact with {call} since {time}", "{unit} overdue, last report {place} {time}", "{unit} RTB", "RTB", "Mission complete, RTB", "{unit} standing down", "End of exercise", "Exercise exercise exercise: {place} {state}",
	"who is at {place}?", "what is your position?", "Say your position", "How many people at {place}?", "is the road to {place} {state}?", "Can you reach {place} by {time}?", "{call} confirm {thing} received", "confirm ETA {place}", "Confirm {mgrs}", "I spell {mgrs}", "{yes}, ETA {nn} min", "{yes} {place} by {time}", "{yes}. {thing} on the way, ETA {time}", "{yes}. Need {thing} too",
}
