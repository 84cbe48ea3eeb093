package xmlgen

// The stanzas of the benchmarks: a chat message, a presence with capabilities
// and a photo, and a text that is not ASCII.
const (
	Chat = `<message to='juliet@example.com' type='chat' id='9f2d1c7e-44a1' xml:lang='en'>` +
		`<body>Art thou not Romeo, and a Montague?</body>` +
		`<active xmlns='http://jabber.org/protocol/chatstates'/>` +
		`<request xmlns='urn:xmpp:receipts'/>` +
		`<origin-id xmlns='urn:xmpp:sid:0' id='9f2d1c7e-44a1'/></message>`
	Presence = `<presence id='p-17'><show>away</show><priority>5</priority>` +
		`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://gajim.org' ` +
		`ver='QgayPKawpkPSDYmwT/WM94uAlu0='/><x xmlns='vcard-temp:x:update'><photo/></x></presence>`
	Cyrillic = `<message to='наташа@пример.рф' type='chat' id='c1'><body>` + war + `</body></message>`
)

const war = `Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива ` +
	`по-своему. Всё смешалось в доме Облонских. Жена узнала, что муж был в связи с бывшею в их доме ` +
	`француженкою-гувернанткой, и объявила мужу, что не может жить с ним в одном доме. Поло`
