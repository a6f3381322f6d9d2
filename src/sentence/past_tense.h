// English verbs as action names have them: "export" → "exported", "login" → "logged in".
#pragma once

#include <string>
#include <string_view>

namespace stele::sentence {

// Of a verb in lower case, by a table of irregulars and the rules of spelling. One that is past already stays.
std::string past_tense(std::string_view verb);

// Whether it is one of the verbs that action names are made of, or past already. For choosing among words: not complete.
bool is_verb(std::string_view word);

// With what it takes its object: "to" as "logged in to" does, "of", "from", or nothing.
std::string_view preposition(std::string_view verb);

// "rows" of "row", "entries" of "entry".
std::string plural(std::string_view noun);

}  // namespace stele::sentence
