import { type Fields, fields, list, string } from '../values.ts';
import type { AnswerReading } from './answer-reading.ts';
import { readOpenAiUsage } from './openai-chat.ts';

/** An embeddings answer of OpenAI's protocol: input tokens only. */
export function readOpenAiEmbeddings(answer: Fields): AnswerReading | undefined {
  const first = fields(list(answer.data)[0]);
  if (!first || !('embedding' in first)) return undefined;
  const { input_tokens } = readOpenAiUsage(answer.usage);
  return { input_tokens, id: string(answer.id), model: string(answer.model) };
}
