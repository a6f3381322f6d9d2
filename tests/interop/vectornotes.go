package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// vkeys lists verifier keys that parse and that do not.
func (g *vectorMaker) vkeys() error {
	good := vectorKeys[0].vkey
	name := vectorKeys[0].signer.Name()
	rest := strings.TrimPrefix(good, name)
	// A key whose ID is right for whatever name and bytes it has.
	made := func(name string, key []byte) string {
		return fmt.Sprintf("%s+%08x+%s", name, keyID(name, key), base64.StdEncoding.EncodeToString(key))
	}
	public := vectorPublicKey(0)
	cases := []struct {
		name, vkey string
		ok         bool
	}{
		{"the example of signed-note", specVKey, true},
		{"a generated key", good, true},
		{"a name of one letter", vectorKeys[2].vkey, true},
		{"a name outside ASCII", vectorKeys[3].vkey, true},
		{"made with the key ID's definition", made("log.example/made", append([]byte{1}, public...)), true},
		{"another name, so another key ID", "log.example/other" + rest, false},
		{"key ID one digit short", strings.Replace(good, rest[:2], "+", 1), false},
		{"key ID not hex", name + "+zzzzzzzz" + rest[9:], false},
		{"no name", made("", append([]byte{1}, public...)), false},
		{"a space in the name", made("log example", append([]byte{1}, public...)), false},
		{"a no-break space in the name", made("log\u00a0example", append([]byte{1}, public...)), false},
		{"a newline in the name", made("log\nexample", append([]byte{1}, public...)), false},
		{"public key a byte short", made(name, append([]byte{1}, public[1:]...)), false},
		{"public key a byte long", made(name, append(append([]byte{1}, public...), 0)), false},
		{"no key bytes", made(name, nil), false},
		{"not base64", good[:len(good)-1] + "*", false},
		{"only a name", name, false},
		{"empty", "", false},
		{"a private key", vectorKeys[0].skey, false},
	}
	for _, c := range cases {
		_, err := note.NewVerifier(c.vkey)
		if (err == nil) != c.ok {
			return fmt.Errorf("verifier key, %s: %v", c.name, err)
		}
		g.add("vkeys", vkeyVector{c.name, c.vkey, c.ok})
	}
	return nil
}

func vectorPublicKey(i int) []byte {
	k := vectorKeys[i]
	raw, err := base64.StdEncoding.DecodeString(k.vkey[len(k.vkey)-44:])
	if err != nil {
		panic(err)
	}
	return raw[1:]
}

// notes lists signed notes and whether they open. Each expectation is the
// specification's; x/mod must share it.
func (g *vectorMaker) notes() error {
	k0, k1 := vectorKeys[0], vectorKeys[1]
	text := "log.example/vectors-0\n7\nyhYn6/cqHpShxb6qM/KAXJ5XAFpgWbLvuPnTnUxRTe8=\n"
	signed := string(signNote(text, k0.signer))
	body, sigs, _ := strings.Cut(signed, "\n\n")
	body += "\n"
	var fifteen []note.Signer
	for i := 0; i < 15; i++ {
		fifteen = append(fifteen, newTestKey(fmt.Sprintf("witness %d", i), fmt.Sprintf("witness.example/w%d", i)).signer)
	}
	line := func(name string, id uint32, sig []byte) string {
		blob := append(binary.BigEndian.AppendUint32(nil, id), sig...)
		return "— " + name + " " + base64.StdEncoding.EncodeToString(blob) + "\n"
	}
	badSig := make([]byte, 64)
	name, id := k0.signer.Name(), k0.signer.KeyHash()
	both := []string{k0.vkey, k1.vkey}
	one := []string{k0.vkey}
	cases := []struct {
		name  string
		vkeys []string
		note  string
		ok    bool
	}{
		{"the example of signed-note", []string{specVKey}, specNote, true},
		{"one signature", one, signed, true},
		{"two known signatures", both, string(signNote(text, k0.signer, k1.signer)), true},
		{"a known and an unknown signature", one, string(signNote(text, k1.signer, k0.signer)), true},
		{"sixteen signatures, the known one last", one, string(signNote(text, append(fifteen, k0.signer)...)), true},
		{"sixteen signatures, the known one first", one, string(signNote(text, append([]note.Signer{k0.signer}, fifteen...)...)), true},
		{"the text has empty lines", one, string(signNote("a\n\nb\n\n\nc\n", k0.signer)), true},
		{"the text has what looks like a signature line", one, string(signNote("a\n\n"+sigs+"\nb\n", k0.signer)), true},
		{"the text is one empty line", one, string(signNote("\n", k0.signer)), true},
		{"the text is not ASCII", []string{vectorKeys[3].vkey}, string(signNote("ed è subito sera 🌒\n", vectorKeys[3].signer)), true},
		{"an unknown signature with the known name and another ID", one, body + "\n" + line(name, id^1, badSig) + sigs, true},
		{"an unknown signature with the known ID and another name", one, body + "\n" + line("log.example/x", id, badSig) + sigs, true},
		{"an unknown signature of one byte", one, body + "\n" + line("witness.example/short", 7, []byte{1}) + sigs, true},
		{"an unknown signature of 2,420 bytes and a time", one, body + "\n" + line("witness.example/pq", 7, make([]byte, 2428)) + sigs, true},

		{"no known key", []string{k1.vkey}, signed, false},
		{"no keys at all", []string{}, signed, false},
		{"another key under the known name and ID", one, body + "\n" + line(name, id, badSig), false},
		{"a bad signature of a known key beside a good one", both, string(signNote(text, k0.signer)) + line(k1.signer.Name(), k1.signer.KeyHash(), badSig), false},
		{"a known key's signature a byte short", one, body + "\n" + line(name, id, badSig[:63]), false},
		{"a known key's key ID only", one, body + "\n" + line(name, id, nil), false},
		{"the text changed", one, strings.Replace(signed, "\n7\n", "\n8\n", 1), false},
		{"a line of the text dropped", one, strings.Replace(signed, "\n7\n", "\n", 1), false},
		{"no newline at the end", one, strings.TrimSuffix(signed, "\n"), false},
		{"no empty line", one, strings.Replace(signed, "\n\n", "\n", 1), false},
		{"an empty line at the end", one, signed + "\n", false},
		{"an empty line between the signatures", one, signed + "\n" + line(k1.signer.Name(), k1.signer.KeyHash(), badSig), false},
		{"no signatures", one, text + "\n", false},
		{"nothing", one, "", false},
		{"a hyphen for the dash", one, strings.Replace(signed, "— ", "- ", 1), false},
		{"an en dash for the em dash", one, strings.Replace(signed, "— ", "– ", 1), false},
		{"two spaces after the dash", one, strings.Replace(signed, "— ", "—  ", 1), false},
		{"two spaces before the signature", one, strings.Replace(signed, name+" ", name+"  ", 1), false},
		{"a space after the signature", one, strings.TrimSuffix(signed, "\n") + " \n", false},
		{"a signature that is not base64", one, body + "\n— " + name + " ****\n", false},
		{"a plus in a name", one, body + "\n" + line("a+b", 7, badSig) + sigs, false},
		{"a tab in the text", one, string(signNote("a\tb\n", k0.signer)), false},
		{"a NUL in the text", one, string(signNote("a\x00b\n", k0.signer)), false},
		{"carriage returns", one, strings.ReplaceAll(signed, "\n", "\r\n"), false},
		{"bytes that are not UTF-8", one, string(signNote("a\xffb\n", k0.signer)), false},
	}
	for _, c := range cases {
		v, err := openedNote(c.name, c.vkeys, []byte(c.note))
		if err != nil {
			return err
		}
		if v.OK != c.ok {
			return fmt.Errorf("note, %s: x/mod says %v", c.name, v.OK)
		}
		if !utf8.ValidString(c.note) {
			v.NoteBase64, v.Note = base64.StdEncoding.EncodeToString([]byte(c.note)), ""
		}
		g.add("notes", v)
	}
	return nil
}
