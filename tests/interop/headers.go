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
	// The log is nobody's who shows no token: not a page's of another site, not a cache's that others use.
	if open := a.header.Get("Access-Control-Allow-Origin"); open != "" {
		once("Access-Control-Allow-Origin %q lets pages of other sites read it", open)
	}
	control := a.header.Get("Cache-Control")
	if _, private := cacheDirectives(control)["private"]; !private {
		once("Cache-Control %q lets a cache hand it to others", control)
	}
	if vary := a.header.Get("Vary"); !hasElement(vary, "Authorization") {
		once("Vary is %q, not Authorization", vary)
	}
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

// Whether a list of elements with commas between has this one (RFC 9110 section 5.6.1).
func hasElement(list, element string) bool {
	for _, one := range strings.Split(list, ",") {
		if strings.EqualFold(strings.TrimSpace(one), element) {
			return true
		}
	}
	return false
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
