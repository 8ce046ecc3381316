#include "attune/data/collection.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::data {
namespace {

// A folder with a corpus, queries and judgements, as read_dataset meets them.
struct Files {
  test::TempFolder folder;
  ReadOptions options;
  std::string judgements;

  Files(const std::string& corpus, const std::string& queries, const std::string& judged,
        const char* corpus_name = "corpus.jsonl", const char* queries_name = "queries.jsonl",
        const char* judged_name = "qrels.tsv") {
    options.corpus = folder.put(corpus_name, corpus).string();
    options.queries = folder.put(queries_name, queries).string();
    judgements = folder.put(judged_name, judged).string();
  }
  Dataset read(const std::filesystem::path& scratch = {}) const {
    return read_dataset({judgements}, TargetKind::texts, options, TargetNeed::required, scratch);
  }
};

const std::string kCorpus =
    R"({"_id":"d1","title":"Cats","text":"purr"}
{"_id":"d2","title":"","text":"bark"}
{"_id":"d3","title":"Cows","text":"moo"}
)";
const std::string kQueries = "{\"_id\":\"q1\",\"text\":\"who purrs\"}\n{\"_id\":\"q2\",\"text\":\"who is loud\"}\n";
const std::string kJudged = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td3\t2\nq2\td2\t1\n";

TEST(Collection, ReadsWhatSearchBenchmarksKeep) {
  const Files files(kCorpus, kQueries, kJudged);
  const test::TempFolder scratch;
  for (const auto& place : {std::filesystem::path(), scratch / "."}) {
    const Dataset data = files.read(place);
    EXPECT_EQ(data.shape, TextShape::pairs);
    ASSERT_EQ(data.examples.size(), 3u) << "relevance 0 is no answer";
    const Example first = data.examples[0];
    EXPECT_EQ(first.text, "who purrs");
    EXPECT_EQ(first.text_pair, "Cats purr") << "the title stands before the text";
    EXPECT_TRUE(first.has_pair);
    EXPECT_FALSE(first.has_target);
    EXPECT_EQ(first.id, "q1");
    EXPECT_EQ(first.score, 1);
    EXPECT_EQ(data.describe(first.origin), files.judgements + " line 2");
    EXPECT_EQ(data.examples[1].text_pair, "Cows moo");
    EXPECT_EQ(data.examples[1].score, 2);
    EXPECT_EQ(data.examples[2].text_pair, "bark") << "an empty title adds nothing";
    ASSERT_TRUE(data.corpus);
    EXPECT_EQ(data.corpus->size(), 3u);
    EXPECT_EQ((*data.corpus)[2].id, "d3");
    EXPECT_EQ(data.notes,
              (std::vector<std::string>{files.judgements + ": 4 judgements, of which 3 above 0, 3 documents in " +
                                        *files.options.corpus}));
  }
}

TEST(Collection, UsualNamesOfOtherFiles) {
  const Files files("ID,Passage\n d1 ,purr\n", "{\"qid\":7,\"question\":\"who\"}\n", "qid,docid\n7,d1\n", "c.csv",
                    "q.jsonl", "j.csv");
  const Dataset data = files.read();
  EXPECT_EQ(data.examples[0].text_pair, "purr");
  EXPECT_EQ(data.examples[0].text, "who");
  EXPECT_EQ(data.examples[0].id, "7") << "a number is an id too";
  EXPECT_EQ(data.examples[0].score, 1) << "no relevance: it answers";
  const Files more("doc_id\tdocument\nd\tx\n", "query_id\tquery\nq\ty\n", "query_id\tdoc_id\trelevance\nq\td\t0.5\n",
                   "c.tsv", "q.tsv");
  EXPECT_EQ(more.read().examples[0].score, 0.5);
}

TEST(Collection, TextsOfSeveralColumnsAndOfLists) {
  Files files(R"({"id":"d","head":"Rain","body":["wet","cold"],"tags":[]})", R"({"id":"q","text":["what","falls"]})",
              "query_id\tdoc_id\nq\td\n");
  files.options.corpus_text = {"body", "tags", "head"};
  const Dataset data = files.read();
  EXPECT_EQ(data.examples[0].text_pair, "wet cold Rain") << "in the order that was asked for";
  EXPECT_EQ(data.examples[0].text, "what falls");
  files.options.corpus_text = {"bodi"};
  EXPECT_ERROR(ErrorKind::input, files.read(), "in --corpus",
               "corpus.jsonl line 1: --corpus-text: there is no column 'bodi'", "did you mean 'body'?", "'head'");
}

TEST(Collection, SeveralFilesOfJudgementsShareTheirCorpus) {
  const Files files(kCorpus, kQueries, kJudged);
  const std::string more = files.folder.put("more.tsv", "query-id\tcorpus-id\nq1\td3\n").string();
  const Dataset data = read_dataset({files.judgements, more}, TargetKind::texts, files.options);
  EXPECT_EQ(data.examples.size(), 4u);
  EXPECT_EQ(data.describe(data.examples[3].origin), more + " line 2");
  EXPECT_EQ(data.corpus->size(), 3u);
}

TEST(Collection, BadCorpora) {
  const auto refused = [](const std::string& corpus, auto... words) {
    const Files files(corpus, kQueries, kJudged);
    EXPECT_ERROR(ErrorKind::input, files.read(), "in --corpus", "corpus.jsonl", words...);
  };
  refused("{\"text\":\"x\"}\n", "line 1: there is no column of the id; expected 'id'", "'text'");
  refused("{\"_id\":\"a\",\"text\":\"x\"}\n{\"text\":\"y\"}\n", "line 2: the id is empty");
  refused("{\"_id\":\"a\",\"text\":\"x\"}\n{\"_id\":\" a\",\"text\":\"y\"}\n", "line 2: the id 'a' stands there twice");
  refused("{\"_id\":\"a\",\"foo\":\"x\"}\n", "line 1: there is no column of the text; expected 'text'", "'_id', 'foo'");
  refused("{\"_id\":\"a\",\"text\":\" \"}\n", "line 1: the text of 'a' is empty");
  refused("{\"_id\":\"a\",\"text\":null}\n", "line 1: the text of 'a' is empty");
  refused("{\"_id\":\"a\",\"text\":{\"x\":1}}\n", "line 1: 'text' holds an object; expected a text");
  refused("\n", "has no rows");
  const Files files(kCorpus, "{\"_id\":\"q1\",\"text\":\"\"}\n", kJudged);
  EXPECT_ERROR(ErrorKind::input, files.read(), "in --queries", "queries.jsonl line 1: the text of 'q1' is empty");
  Files absent(kCorpus, kQueries, kJudged);
  absent.options.corpus = (absent.folder / "nowhere.jsonl").string();
  EXPECT_ERROR(ErrorKind::io, absent.read(), "in --corpus", "nowhere.jsonl");
}

TEST(Collection, BadJudgements) {
  const auto refused = [](const std::string& judged, auto... words) {
    const Files files(kCorpus, kQueries, judged);
    EXPECT_ERROR(ErrorKind::input, files.read(), "qrels.tsv", words...);
  };
  const std::string head = "query-id\tcorpus-id\tscore\n";
  refused(head + "q1\td1\t1\nq9\td1\t1\n", "line 3: the query 'q9' is not in ", "queries.jsonl");
  refused(head + "q1\td9\t1\n", "line 2: the document 'd9' is not in ", "corpus.jsonl");
  refused(head + "q1\td9\t0\n", "line 2: the document 'd9'");
  for (const char* value : {"yes", "", "nan", "inf", "1x"})
    refused(head + "q1\td1\t" + value + "\n",
            "line 2: the relevance is '" + std::string(value) + "'; expected a number");
  refused(head + "q1\td1\t0\nq2\td1\t-1\n", "judges no document to answer a query", "above 0");
  refused("a\tcorpus-id\nq1\td1\n", "line 2: there is no column of the query; expected 'query_id'", "'a', 'corpus-id'");
  refused("query-id\ta\nq1\td1\n", "there is no column of the document; expected 'doc_id'");
}

TEST(Collection, CorpusAndQueriesGoTogether) {
  Files files(kCorpus, kQueries, kJudged);
  EXPECT_ERROR(ErrorKind::usage, read_dataset({files.judgements}, TargetKind::label, files.options), "--task embed");
  files.options.queries.reset();
  EXPECT_ERROR(ErrorKind::usage, files.read(), "--queries is missing");
  files.options.queries = files.options.corpus, files.options.corpus.reset();
  EXPECT_ERROR(ErrorKind::usage, files.read(), "--corpus is missing");
}

}  // namespace
}  // namespace attune::data
