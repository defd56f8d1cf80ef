package main

import "fmt"

// summary prints the bill of all steps.
func (st *stage) summary() {
	sc := st.screen
	sc.line(plain, "")
	sc.line(bold, "What it cost, in bytes, to the headquarters (↑) and from it (↓)")
	sc.line(dim, "   %-52s %11s %13s", "", "on the air", "plain XML")
	var air, xml cost
	for i, it := range st.bill {
		plainText := fmt.Sprintf("%d/%d", it.xml.up, it.xml.down)
		if it.xml.impossible {
			plainText = "impossible"
		}
		title := []rune(it.title)
		if len(title) > 48 {
			title = append(title[:47], '…')
		}
		sc.line(plain, "%2d. %-51s %11s %13s", i+1, string(title), fmt.Sprintf("%d/%d", it.air.up, it.air.down), plainText)
		air, xml = air.add(it.air), xml.add(it.xml.cost)
	}
	sc.line(bold, "    %-51s %11s %13s", "all", fmt.Sprintf("%d/%d", air.up, air.down), fmt.Sprintf("%d/%d", xml.up, xml.down))
	sc.line(plain, "")
	sc.line(plain, "At %d bit/s: %.0f s of line in all, against %.0f s. \"On the air\" is every byte on the line, with framing,", st.rate,
		seconds(air.sum(), st.rate), seconds(xml.sum(), st.rate))
	sc.line(plain, "sealing, acknowledgements and handshakes; \"plain XML\" is the stanzas alone, as Prosody and slixmpp were")
	sc.line(plain, "seen to send them between servers, without TLS, TCP and IP.")
}

// howToJoin tells how to log in with one's own client.
func (st *stage) howToJoin() {
	sc := st.screen
	sc.line(plain, "")
	sc.line(bold, "The lab stays up. Join the room %s with your own client:", st.world.Room)
	for _, site := range st.world.Sites {
		for _, a := range site.Accounts {
			sc.line(plain, "   %-30s password %s   server 127.0.0.1, port %d (STARTTLS)", a.JID, a.Password, site.Port)
		}
		sc.line(dim, "   %30s trust %s", "", site.CA)
	}
	sc.line(plain, "   profanity: /connect wayne@raleigh.tridsys.com server 127.0.0.1 port %d tls trust", st.world.Sites[1].Port)
	sc.line(plain, "   cut and heal the line:  go run ./tools/picketctl lab cut raleigh    … lab heal raleigh")
	sc.line(plain, "   see it:                 go run ./tools/picketctl lab status")
	sc.line(plain, "   stop it:                go run ./tools/picketctl lab down")
}

// logOut ends the clients.
func (st *stage) logOut() {
	for _, a := range st.actors {
		if a.client != nil {
			a.client.Close()
		}
	}
}
