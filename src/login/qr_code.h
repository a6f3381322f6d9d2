// Text as a telephone's camera reads it (ISO/IEC 18004), by libqrencode. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stele::login {

// Rows of modules, '1' the dark ones, without the quiet zone of four around them; 15 % of it may be unreadable (level M). Empty:
// the text has more than 2,331 bytes or a NUL, or memory ran out.
std::vector<std::string> qr_code(std::string_view text);

}  // namespace stele::login
