/** Messages for the tests of net and env. */
import type { Message, Question } from "../../src/wire/message.ts";

export function answerTo(question: Question, changes: Partial<Message> = {}): Message {
  return {
    id: 0,
    qr: true,
    opcode: 0,
    aa: true,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
    rcode: 0,
    question: [question],
    answer: [{ name: question.name, type: 1, class: 1, ttl: 300, rdata: Uint8Array.of(192, 0, 2, 1) }],
    authority: [],
    additional: [],
    edns: null,
    ...changes,
  };
}
