#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <utility>

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
    Holder<T>* const holder = Make(std::move(value));
    (last_ == nullptr ? first_ : last_->next) = holder;
    last_ = holder;
    return holder->value;
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
  static constexpr std::size_t kRoom = 176;

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
    explicit Holder(T&& held) : value(std::move(held)) {}
    T value;
  };

  template <class T>
  Holder<T>* Make(T value) {
    using Held = Holder<T>;
    static_assert(alignof(Held) <= alignof(std::max_align_t));
    const std::size_t begin = (used_ + alignof(Held) - 1) / alignof(Held) * alignof(Held);
    const bool fits = begin + sizeof(Held) <= kRoom;
    if (fits) used_ = begin + sizeof(Held);
    Held* const held =
        fits ? ::new (static_cast<void*>(&room_[begin])) Held(std::move(value)) : new Held(std::move(value));
    held->type = &kTag<T>;
    held->drop = fits ? [](Node* node) { static_cast<Held*>(node)->~Held(); }
                      : [](Node* node) { delete static_cast<Held*>(node); };
    return held;
  }

  Node* first_ = nullptr;
  Node* last_ = nullptr;
  std::size_t used_ = 0;
  alignas(std::max_align_t) std::array<std::byte, kRoom> room_;  // not written before it is used
};

}  // namespace gatehouse::pipeline
