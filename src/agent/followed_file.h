// One open file that is read to its end, again and again, under whatever name it has.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/file_identity.h"
#include "agent/stream.h"
#include "agent/waiting_records.h"
#include "records/cutter.h"

namespace stele::agent {

// Closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

class FollowedFile {
 public:
  // `position` says which file it is and how far it was read; `name` is what its records give as their stream.
  FollowedFile(Descriptor fd, FilePosition position, std::string name, std::string format);

  // What was read and is not handed on goes first, before anybody looks at the file. False when there was no room for all of it.
  bool hand_on(Batch& batch) { return ending_ ? finish(batch) : emit(batch); }
  // Reads on while there is something and the batch has room. True when there is more.
  bool collect(Batch& batch, std::int64_t now);
  // Nothing more is expected: what was begun is a record. False when there was no room for all of it.
  bool finish(Batch& batch);

  // Notes its first bytes, by which it is known wherever it goes, once it has some. True when that changed the position.
  bool look();
  // Whether it is shorter than what was read, or begins otherwise: its bytes were replaced in place.
  [[nodiscard]] bool was_truncated() const;
  // Begins at its first byte.
  void restart();

  [[nodiscard]] const FilePosition& position() const { return position_; }
  void set_path(std::string path) { position_.path = std::move(path); }
  // It had its name when it had been written last then.
  void set_named(std::int64_t modified);
  void set_rotated(std::int64_t now);
  [[nodiscard]] std::int64_t rotated_at() const { return rotated_at_; }  // 0: it is not
  [[nodiscard]] std::int64_t last_read() const { return last_read_; }
  [[nodiscard]] std::uint64_t unread() const;
  [[nodiscard]] bool was_removed() const;  // it has no name any more
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  bool emit(Batch& batch);
  void take_head(std::uint64_t size);

  Descriptor fd_;
  FilePosition position_;
  std::string name_;
  std::string format_;
  std::unique_ptr<records::RecordCutter> cutter_;
  std::uint64_t read_ = 0;  // up to here the cutter has it
  std::int64_t rotated_at_ = 0;
  std::int64_t last_read_ = 0;
  WaitingRecords cut_;
  bool ending_ = false;  // the cutter was told that nothing more is expected
};

// Up to `bytes` at `offset`; fewer at the end, or where it cannot be read.
std::string read_at(int fd, std::uint64_t offset, std::size_t bytes);
// Whether the file behind `fd` begins with the bytes that the position is about.
bool begins_as(int fd, const FilePosition& position);

}  // namespace stele::agent
