package conf

// Rooms (XEP-0045). They are at the service host "conference" of each domain, if
// that is among the services.
type Rooms struct {
	// Who may make rooms: anyone (users of other servers too), local (accounts
	// of this server) or admins.
	Create string `toml:"create" default:"local" enum:"anyone,local,admins"`

	// Rooms that one user may own.
	PerUser int `toml:"per_user" default:"100" min:"1" max:"1000000"`

	// Occupants of one room.
	Occupants int `toml:"occupants" default:"5000" min:"1" max:"100000"`

	// Messages of a room that are held in memory for newcomers.
	History int `toml:"history" default:"50" min:"0" max:"1000"`

	// Whether a new room waits until its creator has configured it. Clients
	// that do not know how then make rooms that nobody can enter for 5 minutes.
	LockNew bool `toml:"lock_new_rooms" default:"false"`

	// Let clients in that send presence to a room without saying that they know
	// the protocol (groupchat 1.0). Without it they are told that they are not
	// inside, which also shows clients that have lost their seat what happened.
	Groupchat1 bool `toml:"groupchat_1_0" default:"false"`
}
