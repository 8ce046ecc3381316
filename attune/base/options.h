// Options are described once. A struct lists its fields in `visit`; flags, config-file keys, JSON schema, help,
// validation and the run record all come from that one list:
//
//   struct TrainOptions {
//     double lr = 5e-5;
//     std::string task = "classify";
//     void visit(OptionList& list) {
//       list.group("Training");
//       list.add("lr", lr, {.help = "peak learning rate", .unit = "per step", .min = 0});
//       list.add("task", task, {.help = "what a target is", .choices = {"classify", "regress"}});
//     }
//   };
//
// Names are written with dashes ("batch-size") as flags and with underscores ("batch_size") in JSON; both are accepted
// everywhere. A bool "progress" also answers to "no-progress", which means its opposite.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace attune {

struct OptionInfo {
  std::string help = {};
  std::string placeholder = {};  // shown as the value in help: FILE, N, RATE; guessed from the type where empty
  std::string unit = {};
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices = {};
  std::map<std::string, std::string> refused = {};  // what is no choice though one may well try it, and why
  std::string search = {};  // where `attune tune` looks for it (tune/parse_space.h); empty: nowhere
  bool required = false;
  bool output_only = false;  // does not change what is computed (threads, progress): resume allows it to differ
};

// A place to write an option to. Optional ones are unset until given.
using OptionTarget =
    std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, std::vector<std::string>*,
                 std::vector<double>*, std::optional<int64_t>*, std::optional<double>*, std::optional<std::string>*>;

struct Option {
  std::string name;
  std::string shown;  // in messages: "--lr"
  std::string group;
  OptionTarget target;
  OptionInfo info;
  std::string default_text;  // the value when the list was made, as help shows it
  bool given = false;        // set by a flag or by a config file
};

class OptionList {
 public:
  OptionList() = default;
  // `prefix`: before a name in messages, for options that are no flags.
  explicit OptionList(std::string prefix) : prefix_(std::move(prefix)) {}
  void group(std::string title) { group_ = std::move(title); }
  void add(std::string name, OptionTarget target, OptionInfo info);
  template <class T>
  void add(std::string name, T& value, OptionInfo info) {
    add(std::move(name), OptionTarget(&value), std::move(info));
  }

  const std::vector<Option>& options() const { return options_; }
  std::vector<std::string> names() const;
  bool is_flag(std::string_view name) const;  // takes no value on the command line (bool)
  bool has(std::string_view name) const;
  bool given(std::string_view name) const;

  // Sets one option from text. Errors (usage): unknown name (suggests the nearest), not a number ("--lr: expected a
  // number, got 'fast'"), out of range (names the range), not one of the choices (suggests the nearest). For vectors a
  // repeated option appends (the first one given replaces the default); a comma separates numbers. bool takes
  // true/false/yes/no/on/off/1/0 and "--no-NAME". After an error the option is as it was.
  void set(std::string_view name, std::string_view value);

  // Sets every key of a JSON object that is not yet `given` (flags win); null unsets an optional one. Errors (usage),
  // with `where` (the file's name) as context: unknown keys (suggests), a value of the wrong type or range, the same
  // option twice, not an object.
  void set_from_json(const nlohmann::json& object, std::string_view where);

  // Errors (usage) for a required option that was not given.
  void check_required() const;

  // All values (unset optionals as null). `affecting_result_only` leaves out output_only options. What comes out may
  // be given to set_from_json again.
  nlohmann::json to_json(bool affecting_result_only = false) const;
  // JSON Schema (draft 2020-12) of the object that set_from_json takes.
  nlohmann::json schema() const;

  // A bool that is on by default is shown as --[no-]NAME, so its help says what "on" means.
  // The options as an aligned, grouped, wrapped table for a terminal `width` columns wide.
  std::string help(int width = 100) const;

 private:
  struct Found {
    size_t index;
    bool negated;  // the name was "no-..." of a bool
  };
  std::optional<Found> look_up(std::string_view name) const;
  Found find(std::string_view name) const;
  std::vector<Option> options_;
  std::string group_;
  std::string prefix_ = "--";
};

}  // namespace attune
