// JSON documents as records: what their own doors take, one at a time.
#include "collect/document.h"
#include "collect/record_format.h"

namespace stele::collect {
namespace {

class DocumentFormat final : public RecordFormat {
 public:
  explicit DocumentFormat(std::string_view name) : name_(name) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool is_json() const override { return true; }
  void add(std::string_view record, DoorBatch& batch) const override {
    thread_local event::JsonTape tape;
    add_document(batch, name_, record, tape);
  }

 private:
  std::string_view name_;  // of the table, which lives for ever
};

}  // namespace

std::unique_ptr<RecordFormat> make_document_format(std::string_view name) { return std::make_unique<DocumentFormat>(name); }

}  // namespace stele::collect
