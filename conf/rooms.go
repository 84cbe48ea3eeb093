package conf

// Rooms (XEP-0045). They are at the service host "conference" of each domain, if
// that is among the services.
type Rooms struct {
	// Who may make rooms: anyone (users of other servers too), local (accounts
	// of this server) or admins.
	Create string `toml:"create" default:"local" enum:"anyone,local,admins"`

	// Addresses of those who administer the rooms, beside the admins of the
	// server: they have the privileges of an owner in every room.
	Admins []string `toml:"admins" is:"jid"`

	// Rooms that one user may own.
	PerUser int `toml:"per_user" default:"100" min:"1" max:"1000000"`

	// Occupants of one room.
	Occupants int `toml:"occupants" default:"5000" min:"1" max:"100000"`

	// Users that one room remembers: owners, admins, members, those who are
	// banned or have a nickname of their own.
	Affiliations int `toml:"affiliations" default:"20000" min:"1" max:"1000000"`

	// Messages of a room that are held in memory for newcomers.
	History int `toml:"history" default:"50" min:"0" max:"1000"`

	// Messages and changes of presence a second that one user may have sent to
	// all in a room. What comes faster waits; see burst.
	Rate int `toml:"rate" default:"10" min:"1" max:"1000000"`

	// Messages and changes of presence that a user may send to all in a room
	// at once, before rate holds.
	Burst int `toml:"burst" default:"60" min:"1" max:"1000000"`

	// Whether a new room waits until its creator has configured it. Clients
	// that do not know how then make rooms that nobody can enter for 5 minutes.
	LockNew bool `toml:"lock_new_rooms" default:"false"`

	// Let clients in that send presence to a room without saying that they know
	// the protocol (groupchat 1.0). Without it they are told that they are not
	// inside, which also shows clients that have lost their seat what happened.
	Groupchat1 bool `toml:"groupchat_1_0" default:"false"`
}

// NewRooms is how new rooms are configured. Their owners may change it.
type NewRooms struct {
	// Whether rooms last when nobody is inside.
	Persistent bool `toml:"persistent" default:"true"`

	// Whether rooms are listed for those who look for one.
	Public bool `toml:"public" default:"false"`

	// Whether only members may enter.
	MembersOnly bool `toml:"members_only" default:"false"`

	// Whether newcomers may only listen until a moderator lets them speak.
	Moderated bool `toml:"moderated" default:"false"`

	// Whether everybody sees the real addresses of the others, not only
	// moderators. Clients need that to encrypt end to end.
	NonAnonymous bool `toml:"non_anonymous" default:"false"`

	// Whose presence is sent to all: that of visitors, participants and
	// moderators (visitor), of the last two, of moderators only, or nobody's.
	// What is not sent to all is sent to moderators.
	Broadcast string `toml:"broadcast" default:"visitor" enum:"visitor,participant,moderator,none"`

	// Whether messages are archived.
	Archive bool `toml:"archive" default:"true"`

	// Messages that newcomers are shown.
	History int `toml:"history" default:"20" min:"0" max:"1000"`

	// Language of the conversation, such as "en".
	Lang string `toml:"lang"`
}
