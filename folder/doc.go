// Package folder reads a deal from files on disk, in the formats that tools
// export: Gong and Chorus calls, captions and plain transcripts, mail, Slack
// exports, Salesforce and HubSpot records, documents. Files are recognised by
// their content, not by their names. A person seen in several systems becomes
// one Person; each passage knows who saw or heard it.
//
// What can't be read becomes a Problem that names the file and the place, and
// the rest is read all the same.
package folder
