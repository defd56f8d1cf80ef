package muc

// A Role is what an occupant may do now (XEP-0045 §5.1).
type Role uint8

// Roles, the least first.
const (
	RoleNone Role = iota
	Visitor
	Participant
	Moderator
)

var roleNames = [...]string{"none", "visitor", "participant", "moderator"}

func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role; false if it is none of XEP-0045's.
func ParseRole(s string) (Role, bool) {
	for i, n := range roleNames {
		if n == s {
			return Role(i), true
		}
	}
	return RoleNone, false
}

// An Affiliation is a user's lasting standing in a room (XEP-0045 §5.2).
type Affiliation uint8

// Affiliations, the least first.
const (
	Outcast Affiliation = iota
	Unaffiliated
	Member
	Admin
	Owner
)

var affiliationNames = [...]string{"outcast", "none", "member", "admin", "owner"}

func (a Affiliation) String() string { return affiliationNames[a] }

// ParseAffiliation reads an affiliation; false if it is none of XEP-0045's.
func ParseAffiliation(s string) (Affiliation, bool) {
	for i, n := range affiliationNames {
		if n == s {
			return Affiliation(i), true
		}
	}
	return Unaffiliated, false
}

// DefaultRole is the role on entering (XEP-0045 §5.1.2).
func (c *Config) DefaultRole(a Affiliation) Role {
	switch {
	case a >= Admin:
		return Moderator
	case a == Member:
		return Participant
	case a == Outcast:
		return RoleNone
	case c.Moderated:
		return Visitor
	}
	return Participant
}
