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
	sc.line(plain, "At %d bit/s that is %.0f s of the line in all, against %.0f s.", st.rate,
		seconds(air.sum(), st.rate), seconds(xml.sum(), st.rate))
	sc.line(plain, "\"On the air\" is every byte on the line: framing, sealing, acknowledgements and")
	sc.line(plain, "handshakes too. \"Plain XML\" is the stanzas alone, as slixmpp and Prosody were")
	sc.line(plain, "seen to send them between two servers, without TLS, TCP and IP.")
}

// howToJoin tells how to log in with one's own client.
func (st *stage) howToJoin() {
	sc := st.screen
	sc.line(plain, "")
	sc.line(bold, "The lab stays up. Join %s with your own client:", st.world.Room)
	for _, site := range st.world.Sites {
		sc.line(plain, "   %s: server 127.0.0.1, port %d (STARTTLS) or %d (TLS)", site.Domain, site.Port, site.TLSPort)
		sc.line(dim, "      its authority: %s", site.CA)
		for _, a := range site.Accounts {
			sc.line(plain, "      %-28s password %s", a.JID, a.Password)
		}
	}
	field := st.world.Sites[1]
	sc.line(plain, "   in profanity: /connect %s server 127.0.0.1 port %d tls trust", field.Accounts[0].JID, field.Port)
	for _, c := range [][2]string{{"cut " + field.Name, "then heal " + field.Name}, {"status", "bytes, frames, queues"}, {"down", "stops it"}} {
		sc.line(plain, "   go run ./tools/picketctl lab %-14s %s", c[0], c[1])
	}
}

// logOut ends the clients.
func (st *stage) logOut() {
	for _, a := range st.actors {
		if a.client != nil {
			a.client.Close()
		}
	}
}
