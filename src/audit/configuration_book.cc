#include "audit/configuration_book.h"

#include "event/json_value.h"

namespace stele::audit {
namespace {

constexpr std::string_view kChanged = "stele.configuration.changed";
constexpr std::string_view kBefore = "before_";

}  // namespace

event::InternalEvent configuration_event(const Configuration& before, const Configuration& after, UnixNanos now) {
  event::InternalEvent event;
  event.time = now;
  event.action = kChanged;
  event.category = "configuration_change";
  event.severity = "notice";
  event.targets = {{"configuration", "server"}};
  std::string names;
  const auto add = [&](const std::string& name, const std::string* from, const std::string* to) {
    names += (names.empty() ? "" : ", ") + name;
    if (to != nullptr) event.attributes.emplace_back(name, *to);
    if (from != nullptr) event.attributes.emplace_back(std::string(kBefore) + name, *from);
  };
  for (const auto& [name, value] : after) {
    const auto was = before.find(name);
    if (was == before.end()) {
      add(name, nullptr, &value);
    } else if (was->second != value) {
      add(name, &was->second, &value);
    }
  }
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) add(name, &value, nullptr);
  }
  event.message = before.empty() ? "The server's configuration is on record from now on."
                                 : "The server's configuration is another than before: " + names + ".";
  return event;
}

Result<bool> take_configuration(std::string_view entry, Configuration& configuration) {
  if (!event::is_internal_entry(entry) || entry.find(kChanged) == std::string_view::npos) return false;
  event::JsonTape tape;
  event::JsonError error;
  if (!tape.parse(entry, {}, error)) return corrupt("an entry about the configuration cannot be read: " + error.message);
  const event::JsonValue event = event::JsonValue(tape)["event"];
  if (event["action"].text() != kChanged) return false;
  const event::JsonValue attributes = event["attributes"];
  attributes.for_each_member([&](std::string_view name, event::JsonValue value) {
    if (!name.starts_with(kBefore)) {
      configuration[std::string(name)] = value.text();
    } else if (const std::string_view of = name.substr(kBefore.size()); !attributes[of]) {
      configuration.erase(std::string(of));
    }
  });
  return true;
}

Result<std::unique_ptr<ConfigurationBook>> ConfigurationBook::open(io::FileSystem& fs, std::string places_file,
                                                                   log::Sequencer& audit) {
  std::unique_ptr<ConfigurationBook> book(new ConfigurationBook(fs, std::move(places_file), audit));
  STELE_TRY(book->places_.read([&](std::string_view entry) { return take_configuration(entry, book->last_); }));
  return book;
}

void ConfigurationBook::set(const Configuration& now, UnixNanos time, std::function<void(const Status&)> done) {
  const Configuration before = last();
  if (before == now) return done({});
  places_.write(configuration_event(before, now, time), [this, now, done = std::move(done)](const Status& written) {
    if (written) {
      const std::lock_guard lock(mutex_);
      last_ = now;
    }
    done(written);
  });
}

Configuration ConfigurationBook::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

Result<Configuration> ConfigurationBook::as_of(UnixNanos time) {
  Configuration out;
  STELE_TRY(places_.read_until(time, [&](std::string_view entry) { return take_configuration(entry, out); }));
  return out;
}

}  // namespace stele::audit
