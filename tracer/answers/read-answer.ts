import { guarded } from '../guard.ts';
import { fields } from '../values.ts';
import { aiSdkReader, isAiSdkPart, readAiSdkResult } from './ai-sdk.ts';
import type { AnswerReading, StreamReader } from './answer-reading.ts';
import { anthropicReader, isAnthropicEvent, readAnthropicMessage } from './anthropic-messages.ts';
import { isOpenAiChatChunk, openAiChatReader, readOpenAiChat } from './openai-chat.ts';
import { readOpenAiEmbeddings } from './openai-embeddings.ts';
import { isOpenAiResponseEvent, openAiResponseReader, readOpenAiResponse } from './openai-responses.ts';

/** Knows an answer by its shape, never by its class. A further provider is a further line here. */
const ANSWERS = [
  readOpenAiChat,
  readOpenAiResponse,
  readAnthropicMessage,
  readOpenAiEmbeddings,
  readAiSdkResult,
];

const STREAMS = [
  { knows: isOpenAiChatChunk, reader: openAiChatReader },
  { knows: isOpenAiResponseEvent, reader: openAiResponseReader },
  { knows: isAnthropicEvent, reader: anthropicReader },
  { knows: isAiSdkPart, reader: aiSdkReader },
];

/** What an answer says of its call; empty when its shape is not known. A string is the answer's text. */
export function readAnswer(answer: unknown): AnswerReading {
  if (typeof answer === 'string') return { text: answer };
  const found = fields(answer);
  if (!found) return {};
  for (const read of ANSWERS) {
    const reading = guarded(() => read(found));
    if (reading) return reading;
  }
  return {};
}

/** Reads a stream of any known shape; the first chunk that is known decides which. */
export function streamReader(): StreamReader {
  const texts: string[] = [];
  let reader: StreamReader | undefined;

  return {
    take(chunk) {
      if (typeof chunk === 'string') {
        texts.push(chunk);
        return chunk !== '';
      }
      const found = fields(chunk);
      if (!found) return chunk !== undefined && chunk !== null;
      reader ??= STREAMS.find((stream) => stream.knows(found))?.reader();
      // Of a stream nobody knows, the first chunk is all that can be called the first token.
      return reader ? reader.take(chunk) : true;
    },
    reading: () => reader?.reading() ?? { text: texts.join('') },
  };
}
