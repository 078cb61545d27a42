#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

#include "base/check.h"

namespace gatehouse::pipeline {

// Things of different types, at most one of each, found by their type. What is small lies in the list itself, the rest
// on the heap. Owned by an exchange, one loop; dropping it destroys them in the order in which their types came.
class AttachmentList {
 public:
  AttachmentList() = default;
  AttachmentList(const AttachmentList&) = delete;
  AttachmentList& operator=(const AttachmentList&) = delete;
  ~AttachmentList() {
    while (first_ != nullptr) {
      Node* const node = std::exchange(first_, first_->next);
      node->drop(node);
    }
  }

  // Replaces what there is of that type.
  template <class T>
  T& Set(T value) {
    if (T* const present = Find<T>()) {
      *present = std::move(value);
      return *present;
    }
    return Append<T>(std::move(value));
  }
  // Makes one in the list itself: for what is not moved. REQUIRES: there is none of that type.
  template <class T, class... Arguments>
  T& Emplace(Arguments&&... arguments) {
    GH_CHECK(Find<T>() == nullptr);
    return Append<T>(std::forward<Arguments>(arguments)...);
  }

  // nullptr: there is none.
  template <class T>
  T* Find() {
    for (Node* node = first_; node != nullptr; node = node->next) {
      if (node->type == &kTag<T>) return &static_cast<Holder<T>*>(node)->value;
    }
    return nullptr;
  }
  template <class T>
  const T* Find() const {
    for (const Node* node = first_; node != nullptr; node = node->next) {
      if (node->type == &kTag<T>) return &static_cast<const Holder<T>*>(node)->value;
    }
    return nullptr;
  }

 private:
  // For what the stages of rate limits and budgets keep of an exchange.
  static constexpr std::size_t kRoom = 640;

  // Its address stands for a type.
  template <class T>
  static constexpr char kTag = 0;

  struct Node {
    Node* next = nullptr;
    const char* type = nullptr;
    void (*drop)(Node* node) = nullptr;
  };
  template <class T>
  struct Holder : Node {
    template <class... Arguments>
    explicit Holder(Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}
    T value;
  };

  template <class T, class... Arguments>
  T& Append(Arguments&&... arguments) {
    using Held = Holder<T>;
    static_assert(alignof(Held) <= alignof(std::max_align_t));
    const std::size_t begin = (used_ + alignof(Held) - 1) / alignof(Held) * alignof(Held);
    const bool fits = begin + sizeof(Held) <= kRoom;
    if (fits) used_ = begin + sizeof(Held);
    Held* const held = fits ? ::new (static_cast<void*>(&room_[begin])) Held(std::forward<Arguments>(arguments)...)
                            : new Held(std::forward<Arguments>(arguments)...);
    held->type = &kTag<T>;
    held->drop = fits ? [](Node* node) { static_cast<Held*>(node)->~Held(); }
                      : [](Node* node) { delete static_cast<Held*>(node); };
    (last_ == nullptr ? first_ : last_->next) = held;
    last_ = held;
    return held->value;
  }

  Node* first_ = nullptr;
  Node* last_ = nullptr;
  std::size_t used_ = 0;
  alignas(std::max_align_t) std::array<std::byte, kRoom> room_;  // not written before it is used
};

}  // namespace gatehouse::pipeline
