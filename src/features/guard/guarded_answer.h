#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "features/guard/answer_frame.h"
#include "features/guard/answer_texts.h"
#include "features/guard/inspection.h"
#include "llm/event.h"

namespace gatehouse::features::guard {

// An answer that is inspected on its way to the client. What cannot be decided about yet waits, and everything behind
// it too, so that the order stays. Dropping it drops the upstream's answer and the inspection.
class GuardedAnswer : public llm::EventSource {
 public:
  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) final;

 protected:
  GuardedAnswer(std::unique_ptr<Inspection> inspection, std::unique_ptr<llm::EventSource> upstream)
      : inspection_(std::move(inspection)), texts_(*inspection_), upstream_(std::move(upstream)) {}

  // Whether what came is looked at ahead.
  virtual bool MustPrepare(const llm::Batch& incoming) const {
    static_cast<void>(incoming);
    return false;
  }
  // Asks guardrails outside about what came, where they are to be asked then, and looks at it ahead.
  virtual net::Task<base::Status> Prepare(const llm::Batch& incoming) {
    static_cast<void>(incoming);
    co_return base::Ok();
  }
  // Looks at what came, and hands on what can go.
  virtual base::Status TakeIn(llm::Batch& incoming, llm::Batch& batch) = 0;
  // Nothing more comes.
  virtual void End() {}
  // Hands on what waits and is settled.
  virtual void Release(llm::Batch& batch) = 0;

  Inspection& inspection() { return *inspection_; }
  const Inspection& inspection() const { return *inspection_; }
  AnswerTexts& texts() { return texts_; }

 private:
  // What became of a pull: gives back what there is first, a failure comes with the next one.
  base::Result<Outcome> Deliver(const llm::Batch& batch, std::optional<base::Error> failure);

  std::unique_ptr<Inspection> inspection_;
  AnswerTexts texts_;
  std::unique_ptr<llm::EventSource> upstream_;
  llm::Batch incoming_;
  bool ended_ = false;
  std::optional<base::Error> failure_;
};

// The client speaks the upstream's dialect: its frames go on as they came, and where a text changed, only that.
class GuardedFrames final : public GuardedAnswer {
 public:
  GuardedFrames(std::unique_ptr<Inspection> inspection, std::unique_ptr<llm::EventSource> upstream,
                llm::DialectId dialect)
      : GuardedAnswer(std::move(inspection), std::move(upstream)), dialect_(dialect) {}

 protected:
  base::Status TakeIn(llm::Batch& incoming, llm::Batch& batch) override;
  void End() override { GiveRest(); }
  void Release(llm::Batch& batch) override;

 private:
  struct Piece {
    AnswerTexts::Place place;
    std::size_t offset = 0;  // of its token in the frame's data
    std::size_t length = 0;
    enum class Range : std::uint8_t { kOwn, kOther } range = Range::kOwn;  // other: a part of its text, or more
  };
  // A frame and what it meant.
  struct Held {
    std::string_view came;  // as it came; valid while the upstream's batch is
    std::string own;        // in its place, once it has to wait longer or was changed
    std::size_t data = 0;   // offset of its data
    std::size_t data_size = 0;
    std::size_t size = 0;  // that it counts for while it waits
    std::vector<Piece> pieces;
    std::vector<llm::Event> events;

    std::string_view Raw() const { return own.empty() ? came : std::string_view(own); }
    std::string_view Data() const { return Raw().substr(data, data_size); }
    bool IsSettled() const;
    void Own();
    void SetData(std::string_view changed);
  };
  // What most frames of a stream are: the one before with another piece of text.
  struct Pattern {
    std::string before;  // raw, with the quotes around the piece
    std::string after;
    std::size_t data = 0;
    std::size_t data_rest = 0;  // bytes of the data but for the piece
    DeltaPiece piece;
  };

  base::Status TakeInFrame(Held& held);
  // Whether the frame is one of the pattern; then its piece is added.
  enum class Like : std::uint8_t { kOther, kSame };
  base::Result<Like> TakeInLike(Held& held);
  void LearnPattern(const Held& held);
  base::Status AddPiece(const DeltaPiece& delta, Held& held);
  base::Status LookAtData(Held& held);
  base::Status AddPieces(Held& held);
  // A long piece does not wait for its last word: what is settled goes, and the rest goes with the next piece of that
  // text, or before its end in a frame like this one.
  void Split();
  void LeadRest(Held& held);
  void GiveRest();
  void LetGo(Held& held, llm::Batch& batch);
  void Rewrite(Held& held);

  const llm::DialectId dialect_;
  codec::json::Document document_;
  FrameDeltas deltas_;
  std::vector<Held> held_;
  std::size_t kept_ = 0;      // of them, from the front: what their batch was is gone
  std::optional<Held> rest_;  // of the frame that was split last
  std::optional<Pattern> pattern_;
  std::vector<std::unique_ptr<std::string>> released_;  // what the frames of the batch look at
};

// What becomes of the body of a whole answer, the one frame of `whole`: nullopt where it goes on as it is. An error
// denies it.
base::Result<std::optional<std::string>> LookAtWhole(Inspection& inspection, const llm::Batch& whole,
                                                     llm::DialectId dialect);

// A whole answer in the client's dialect: one body.
class GuardedBody final : public GuardedAnswer {
 public:
  GuardedBody(std::unique_ptr<Inspection> inspection, std::unique_ptr<llm::EventSource> upstream,
              llm::DialectId dialect)
      : GuardedAnswer(std::move(inspection), std::move(upstream)), dialect_(dialect) {}

 protected:
  base::Status TakeIn(llm::Batch& incoming, llm::Batch& batch) override;
  bool MustPrepare(const llm::Batch& incoming) const override;
  net::Task<base::Status> Prepare(const llm::Batch& incoming) override;
  void Release(llm::Batch&) override {}

 private:
  const llm::DialectId dialect_;
  std::string body_;
};

// An answer that the client's dialect has to be made of: its events change.
class GuardedEvents final : public GuardedAnswer {
 public:
  // `origin` is the upstream's dialect: with some of them a signature covers the reasoning.
  GuardedEvents(std::unique_ptr<Inspection> inspection, std::unique_ptr<llm::EventSource> upstream,
                llm::DialectId origin)
      : GuardedAnswer(std::move(inspection), std::move(upstream)), origin_(origin) {}

 protected:
  base::Status TakeIn(llm::Batch& incoming, llm::Batch& batch) override;
  void Release(llm::Batch& batch) override;

 private:
  struct Held {
    llm::Event event;
    std::optional<AnswerTexts::Place> place;
    std::size_t size = 0;                                                  // that it counts for
    enum class Range : std::uint8_t { kOwn, kOther } range = Range::kOwn;  // other: a part of its text
  };

  base::Status TakeInEvent(llm::Event event);
  base::Status AddPiece(Held& held);
  base::Status LookAtRest(llm::Event& event);
  base::Status LookAtJson(std::string& json);
  base::Status LookAtText(std::string& text);

  const llm::DialectId origin_;
  std::deque<Held> held_;
  std::vector<TextKey> free_calls_;  // whose arguments are no JSON
  bool changed_ = false;             // some text of the answer was
};

}  // namespace gatehouse::features::guard
