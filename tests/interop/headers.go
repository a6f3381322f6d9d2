package main

import (
	"mime"
	"strconv"
	"strings"
)

// How long an answer may be cached.
type caching int

const (
	cacheAny     caching = iota
	cacheSeconds         // mutable: a few seconds at most
	cacheForever         // immutable
)

const (
	fewSeconds = 10
	longLived  = 24 * 60 * 60
)

const tileContentType = "application/octet-stream"

const (
	entryBundles      = "entry bundles"
	olderEntryBundles = "older partial entry bundles"
	olderPartialTiles = "older partial tiles"
)

// The sorts of resources whose answers say what happened, and not only its hashes.
var holdEntries = map[string]bool{entryBundles: true, olderEntryBundles: true}

// checkHeaders checks a successful answer's content type, caching and CORS. What is
// wrong is reported once for each sort of resource (the path's first parts).
func (c *checker) checkHeaders(sort string, a answer, contentType string, caching caching) {
	once := func(format string, args ...interface{}) {
		if key := sort + format; !c.seen[key] {
			c.seen[key] = true
			c.failf(kindHeaders, sort+": "+format, args...)
		}
	}
	got := a.header.Get("Content-Type")
	if mediaType, params, err := mime.ParseMediaType(got); err != nil {
		once("Content-Type %q", got)
	} else if formatted := mime.FormatMediaType(mediaType, params); !strings.EqualFold(formatted, contentType) {
		once("Content-Type is %q, not %q", got, contentType)
	}
	// Hashes are for every page that would check them; what entries say is not.
	open := a.header.Get("Access-Control-Allow-Origin")
	if holdEntries[sort] && open != "" {
		once("Access-Control-Allow-Origin %q lets pages of other sites read the entries", open)
	} else if !holdEntries[sort] && open != "*" {
		once("no Access-Control-Allow-Origin: *, so browsers cannot verify the log")
	}
	control := a.header.Get("Cache-Control")
	switch caching {
	case cacheSeconds:
		if !cachedShortly(control) {
			once("Cache-Control %q lets it be cached for more than a few seconds", control)
		}
	case cacheForever:
		if !cachedForever(control) {
			once("Cache-Control %q is not long-lived and immutable", control)
		}
	}
}

func cacheDirectives(control string) map[string]string {
	out := map[string]string{}
	for _, d := range strings.Split(control, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		out[strings.ToLower(name)] = value
	}
	return out
}

func cachedForever(control string) bool {
	d := cacheDirectives(control)
	_, immutable := d["immutable"]
	age, err := strconv.Atoi(d["max-age"])
	return immutable && err == nil && age >= longLived
}

func cachedShortly(control string) bool {
	d := cacheDirectives(control)
	for _, name := range []string{"no-store", "no-cache"} {
		if _, ok := d[name]; ok {
			return true
		}
	}
	age, err := strconv.Atoi(d["max-age"])
	return err == nil && age <= fewSeconds
}
