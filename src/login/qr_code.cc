#include "login/qr_code.h"

#include <qrencode.h>

#include <memory>
#include <span>

namespace stele::login {

std::vector<std::string> qr_code(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return {};
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_M),
                                                        &QRcode_free);
  if (!code) return {};
  const auto width = static_cast<std::size_t>(code->width);
  const std::span modules(code->data, width * width);
  std::vector<std::string> rows(width, std::string(width, '0'));
  for (std::size_t at = 0; at < modules.size(); ++at)
    if ((modules[at] & 1U) != 0) rows[at / width][at % width] = '1';
  return rows;
}

}  // namespace stele::login
