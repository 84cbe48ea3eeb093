package stanza

// cut is no error: what is there is right so far, but not complete.
var cut = &StreamError{Condition: "cut"}

// What is wrong with XML, with the condition of RFC 6120 section 4.9.3
// (Defined Stream Error Conditions) that says so.
var (
	errSyntax    = StreamNotWellFormed.WithText("syntax error")
	errName      = StreamNotWellFormed.WithText("not a name")
	errChar      = StreamNotWellFormed.WithText("character not allowed in XML")
	errLess      = StreamNotWellFormed.WithText("'<' in an attribute value")
	errSpace     = StreamNotWellFormed.WithText("no white space before an attribute")
	errBrackets  = StreamNotWellFormed.WithText("']]>' in character data")
	errRef       = StreamNotWellFormed.WithText("not a reference")
	errMismatch  = StreamNotWellFormed.WithText("end tag does not match")
	errOutside   = StreamNotWellFormed.WithText("not a stream header")
	errLateDecl  = StreamNotWellFormed.WithText("XML declaration not at the start")
	errDecl      = StreamNotWellFormed.WithText("XML declaration")
	errDuplicate = StreamNotWellFormed.WithText("duplicate attribute")
	errPrefix    = StreamNotWellFormed.WithText("undeclared namespace prefix")
	errDeclared  = StreamNotWellFormed.WithText("namespace declaration not allowed")
	errAfter     = StreamNotWellFormed.WithText("data after the end of the stream")

	errUTF8     = StreamUnsupportedEncoding.WithText("not UTF-8")
	errEncoding = StreamUnsupportedEncoding.WithText("only UTF-8")

	errComment = StreamRestrictedXML.WithText("comment")
	errPI      = StreamRestrictedXML.WithText("processing instruction")
	errDTD     = StreamRestrictedXML.WithText("document type declaration")
	errEntity  = StreamRestrictedXML.WithText("entity reference")

	errContentPrefix = StreamBadNamespacePrefix.WithText("prefix for the content namespace")
	errStreamNS      = StreamInvalidNamespace.WithText("not the streams namespace")
	errBadHeader     = StreamBadFormat.WithText("not a stream header")
	errLooseText     = StreamBadFormat.WithText("character data between stanzas")

	errBytes    = StreamPolicyViolation.WithText("element too large")
	errTag      = StreamPolicyViolation.WithText("start tag too large")
	errDepth    = StreamPolicyViolation.WithText("elements nested too deeply")
	errAttrs    = StreamPolicyViolation.WithText("too many attributes")
	errChildren = StreamPolicyViolation.WithText("too many child elements")
	errLongRef  = StreamPolicyViolation.WithText("reference too long")
)
