#include "corpus.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "options.h"
#include "random.h"

namespace stele::bench {
namespace {

void write_hex(char* out, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value >>= 4U) out[i] = "0123456789abcdef"[value & 15U];
}

}  // namespace

Corpus::Corpus(const std::string& path, std::uint64_t batch, std::uint64_t in_flight_max, std::uint64_t first_round)
    : batch_(batch), round_(first_round) {
  if (batch == 0) give_up("--batch must be at least 1");
  load(path);
  find_events();
  batches_ = events_.size() / batch_;
  if (batches_ < 4 * in_flight_max) give_up("the corpus is too small for this batch size and this many connections");
}

Corpus::~Corpus() { ::munmap(bytes_, length_); }

// Anonymous memory rather than a mapping of the file: ids are written over, and huge pages keep the client cheap.
void Corpus::load(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up_errno("cannot open " + path);
  struct stat status {};
  if (::fstat(fd, &status) != 0) give_up_errno("cannot stat " + path);
  length_ = static_cast<std::size_t>(status.st_size);
  if (length_ == 0) give_up(path + " is empty");
  void* memory = ::mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up_errno("no memory for " + path);
  ::madvise(memory, length_, MADV_HUGEPAGE);
  bytes_ = static_cast<char*>(memory);
  for (std::size_t done = 0; done < length_;) {
    const ssize_t n = ::read(fd, bytes_ + done, length_ - done);
    if (n <= 0) give_up_errno("cannot read " + path);
    done += static_cast<std::size_t>(n);
  }
  ::close(fd);
}

void Corpus::find_events() {
  for (std::size_t at = 0; at < length_;) {
    const void* newline = std::memchr(bytes_ + at, '\n', length_ - at);
    const std::size_t end = newline == nullptr ? length_ : static_cast<std::size_t>(static_cast<const char*>(newline) - bytes_);
    const std::string_view line(bytes_ + at, end - at);
    Event event{at, static_cast<std::uint32_t>(line.size()), 0, 0};
    if (line.starts_with(kIdHead)) event.id_at = static_cast<std::uint16_t>(kIdHead.size());
    if (const std::size_t found = line.find(kRequestIdHead); found < 0xf000) {
      event.request_at = static_cast<std::uint16_t>(found + kRequestIdHead.size());
    }
    if (!line.empty()) events_.push_back(event);
    at = end + 1;
  }
}

// Gives the events of one batch the ids of this round.
void Corpus::rename(std::uint64_t first) {
  for (std::uint64_t number = first; number < first + batch_; ++number) {
    const Event& event = events_[number];
    char* line = bytes_ + event.offset;
    if (event.id_at != 0) write_hex(line + event.id_at, kRoundDigits, round_);
    if (event.request_at != 0) write_hex(line + event.request_at, 8, mix(round_ ^ mix(number)));
  }
}

Slice Corpus::next() {
  if (cursor_ == batches_) {
    cursor_ = 0;
    ++round_;
  }
  const std::uint64_t first = cursor_++ * batch_;
  if (round_ != 0) rename(first);
  const Event& head = events_[first];
  const Event& tail = events_[first + batch_ - 1];
  const std::size_t bytes = tail.offset + tail.length - head.offset;
  return {std::string_view(bytes_ + head.offset, bytes), first, static_cast<std::uint32_t>(batch_)};
}

std::string_view Corpus::event(std::uint64_t number) const { return {bytes_ + events_[number].offset, events_[number].length}; }

}  // namespace stele::bench
