package conf

// Files that users send each other (XEP-0363). They are uploaded to and fetched
// from the HTTP listeners, and kept in the folder "upload" of the data folder.
type Upload struct {
	// Size of one file.
	Size int `toml:"size" default:"100 MiB" min:"1000" max:"100 GiB" unit:"bytes"`

	// What one account may upload in 24 hours.
	PerDay int `toml:"per_day" default:"1 GiB" min:"0" max:"1000 GiB" unit:"bytes"`

	// What all files together may take. Who asks for more is refused until
	// older files have gone.
	Total int `toml:"total" default:"20 GiB" min:"0" max:"100000 GiB" unit:"bytes"`

	// How many days files are kept; 0: until the account is deleted. Files for
	// profiles (pictures of 1 MiB at most) are always kept that long.
	Days int `toml:"days" default:"30" min:"0" max:"36500"`
}
