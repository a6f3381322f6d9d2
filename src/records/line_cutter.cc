#include "records/line_splitter.h"

namespace stele::records {
namespace {

class LineCutter final : public RecordCutter {
 public:
  LineCutter(Position from, CutLimits limits) : lines_(from.offset, limits.record_bytes_max) {}

  void feed(std::string_view bytes, std::int64_t, std::vector<Record>& out) override {
    lines_.feed(bytes, [&](Record&& line) { out.push_back(std::move(line)); });
  }
  void end(std::vector<Record>& out) override {
    lines_.end([&](Record&& line) { out.push_back(std::move(line)); });
  }

 private:
  LineSplitter lines_;
};

}  // namespace

std::unique_ptr<RecordCutter> make_line_cutter(Position from, CutLimits limits) {
  return std::make_unique<LineCutter>(from, limits);
}

}  // namespace stele::records
