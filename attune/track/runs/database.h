// SQLite in three words: a database, a statement, a transaction. Errors are io and name the file; a wrong statement is
// internal.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace attune::track {

class Database {
 public:
  enum class Access { read, write };
  // write: made where it is missing; one that is being written by another process is waited for, up to 30 s; readers
  // and a writer do not hold each other up (write-ahead log). Errors: io (it may not be opened, or is no database).
  Database(const std::filesystem::path& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  int64_t number(const char* sql);  // the first column of the first row
  int64_t last_id() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  friend class Statement;
  [[noreturn]] void fail_with(int code, const char* sql) const;
  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Values for the statement's question marks, in order.
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  // The next row is there. After the last one the statement may be bound and run again.
  bool step();
  void run() {
    while (step()) {
    }
  }
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  Database& database_;
  const char* sql_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

// All that is written while it lives, or nothing of it: without commit() it is taken back.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace attune::track
