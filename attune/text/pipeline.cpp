#include "attune/text/pipeline.h"

#include <algorithm>
#include <limits>

#include "attune/base/error.h"
#include "attune/base/utf8.h"

namespace attune::text {

// Memory that one thread uses again for every text.
struct Pipeline::Scratch {
  std::vector<AddedTokens::Match> matches, inner_matches;
  std::string bytes;
  std::vector<int32_t> char_of_byte;
  Words words, cut;
};

Pipeline::Pipeline(TokenizerParts parts) : parts_(std::move(parts)) {
  const size_t size = parts_.model->tokens().size();
  std::vector<AddedToken> as_given, normalised;
  std::vector<std::string> given_spelling, normalised_spelling;
  for (const AddedToken& token : parts_.added) {
    if (const auto id = static_cast<size_t>(token.id); id >= size) {
      behind_model_.resize(std::max(behind_model_.size(), id - size + 1));
      behind_model_[id - size] = token.content;
    }
    (token.normalized ? normalised : as_given).push_back(token);
    if (!token.normalized) given_spelling.push_back(token.content);
    if (token.normalized) normalised_spelling.push_back(normalized(token.content));
  }
  added_ = AddedTokens(std::move(as_given), given_spelling);
  added_normalized_ = AddedTokens(std::move(normalised), normalised_spelling);
  if (!added_normalized_.empty()) return;
  if (parts_.bert && parts_.wordpiece)
    bert_words_.emplace(*parts_.bert, *parts_.wordpiece);
  else
    mark_words_ = MarkWords::make(parts_.normalizer.get(), parts_.pre_tokenizer.get(), *parts_.model);
}

std::string Pipeline::normalized(const std::string& text) const {
  AlignedText all = aligned(text, 0);
  if (parts_.normalizer) parts_.normalizer->apply(all);
  std::string bytes;
  all.to_utf8(bytes, nullptr);
  return bytes;
}

std::string_view Pipeline::token(int32_t id) const {
  if (id < 0 || id >= vocabulary_size())
    fail(ErrorKind::usage, "token id {} is outside the vocabulary of {} pieces", id, vocabulary_size());
  const Vocabulary& tokens = parts_.model->tokens();
  const auto index = static_cast<size_t>(id);
  return index < tokens.size() ? tokens[index] : std::string_view(behind_model_[index - tokens.size()]);
}

void Pipeline::encode(std::string_view text, std::vector<Piece>& out) const {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    fail(ErrorKind::input, "a text of {} bytes is too long to tokenise at once (limit 2 GiB); split it", text.size());
  thread_local Scratch scratch;
  scratch.matches.clear();
  added_.find(text, scratch.matches);
  size_t done = 0;
  int32_t code_point = 0;
  for (const AddedTokens::Match& match : scratch.matches) {
    if (match.begin > done)
      code_point = encode_stretch(text.substr(done, match.begin - done), code_point, scratch, out);
    const auto inside = static_cast<int32_t>(utf8::length(text.substr(match.begin, match.end - match.begin)));
    // A token that begins with white space may reach back into what the token before it took along.
    const int32_t begin =
        match.begin >= done ? code_point : static_cast<int32_t>(utf8::length(text.substr(0, match.begin)));
    out.push_back({match.id, begin, begin + inside});
    code_point = begin + inside;
    done = match.end;
  }
  if (done < text.size()) encode_stretch(text.substr(done), code_point, scratch, out);
}

// `bytes` holds no token that is looked for in the text as given. Returns the number of the code point behind it.
int32_t Pipeline::encode_stretch(std::string_view bytes, int32_t origin, Scratch& scratch,
                                 std::vector<Piece>& out) const {
  if (bert_words_)
    if (const std::optional<int32_t> end = bert_words_->append(bytes, origin, out)) return *end;
  if (mark_words_)
    if (const std::optional<int32_t> end = mark_words_->append(bytes, origin, out)) return *end;
  AlignedText text = aligned(bytes, origin);
  const int32_t end = origin + static_cast<int32_t>(text.chars.size());
  if (parts_.normalizer) parts_.normalizer->apply(text);
  encode_plainly(std::move(text), scratch, out);
  return end;
}

// `text` is normalised: cuts out the tokens that are looked for in this form.
void Pipeline::encode_plainly(AlignedText text, Scratch& scratch, std::vector<Piece>& out) const {
  if (added_normalized_.empty()) return encode_words(std::move(text), scratch, out);
  text.to_utf8(scratch.bytes, &scratch.char_of_byte);
  scratch.inner_matches.clear();
  added_normalized_.find(scratch.bytes, scratch.inner_matches);
  const std::vector<int32_t> char_of_byte = scratch.char_of_byte;
  const auto slice = [&](size_t begin, size_t end) {
    const auto first = text.chars.begin() + char_of_byte[begin], last = text.chars.begin() + char_of_byte[end];
    return AlignedText{{first, last}, begin == 0 ? text.origin : first->begin};
  };
  size_t done = 0;
  for (const AddedTokens::Match& match : scratch.inner_matches) {
    if (match.begin > done) encode_words(slice(done, match.begin), scratch, out);
    out.push_back({match.id, text.chars[char_of_byte[match.begin]].begin, text.chars[char_of_byte[match.end - 1]].end});
    done = match.end;
  }
  if (done + 1 < char_of_byte.size()) encode_words(slice(done, char_of_byte.size() - 1), scratch, out);
}

void Pipeline::encode_words(AlignedText text, Scratch& scratch, std::vector<Piece>& out) const {
  if (text.chars.empty()) return;
  scratch.words = {std::move(text.chars), {}};
  scratch.words.end_word();
  if (parts_.pre_tokenizer) {
    scratch.cut.chars.clear();
    scratch.cut.ends.clear();
    parts_.pre_tokenizer->apply(scratch.words, scratch.cut);
    std::swap(scratch.words, scratch.cut);
  }
  const std::vector<AlignedChar>& chars = scratch.words.chars;
  size_t begin = 0;
  for (const size_t end : scratch.words.ends) {
    scratch.bytes.clear();
    scratch.char_of_byte.clear();
    for (size_t i = begin; i < end; ++i) {
      utf8::append(scratch.bytes, chars[i].c);
      scratch.char_of_byte.resize(scratch.bytes.size(), static_cast<int32_t>(i));
    }
    const size_t first = out.size();
    parts_.model->append(scratch.bytes, end - begin, out);
    for (size_t i = first; i < out.size(); ++i) {
      out[i].begin = chars[scratch.char_of_byte[out[i].begin]].begin;
      out[i].end = chars[scratch.char_of_byte[out[i].end - 1]].end;
    }
    begin = end;
  }
}

}  // namespace attune::text
