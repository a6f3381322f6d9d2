// Appending JSON (RFC 8259) to a string. Reading JSON is simdjson's work; this is only what writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stele {

// Appends `text` as a JSON string with its quotes. `text` must be valid UTF-8 (see is_utf8). Escapes only what
// RFC 8259 section 7 requires: quote, backslash and control characters.
void append_json_string(std::string& out, std::string_view text);

// The same with the escapes alone, without the surrounding quotes.
void append_json_escaped(std::string& out, std::string_view text);

// Appends `bytes` as a JSON string if they are UTF-8, else as {"$base64":"…"}, so that nothing is lost or altered.
void append_json_bytes(std::string& out, std::string_view bytes);

void append_decimal(std::string& out, std::uint64_t value);

// Members of an object and elements of a list, each with the comma that it needs behind what `out` ends with. Names have nothing
// to escape.
void append_json_name(std::string& out, std::string_view name);  // "name":
void append_json_member(std::string& out, std::string_view name, std::uint64_t value);
void append_json_member(std::string& out, std::string_view name, std::string_view text);
void begin_json_element(std::string& out);

// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);
// Whether it is UTF-8 without control characters: what may stand in a line.
bool is_line(std::string_view text);

}  // namespace stele
