/** Strands Agents: each count under two names, times to the first token in milliseconds, agents that sum over a session. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

export const strands: Dialect = {
  name: 'strands',
  scope: /^strands/,
  // Its JavaScript names the scope after the service.
  fingerprint: ['gen_ai.event.start_time', 'event_loop.cycle_id', 'agent_loop.cycle_id'],
  fields: {
    ...extended(genaiFields, {
      ttft: [{ key: 'gen_ai.server.time_to_first_token', unit: 'ms' }],
      dropped: ['system_prompt', 'gen_ai.agent.tools'],
    }),
    // `gen_ai.system` is the framework's name, or the service's.
    provider: [],
  },
  kinds: [
    { operation: /^chat$/, is: 'call', operation_is: 'chat' },
    { operation: /^(invoke_agent|invoke_swarm|invoke_graph|execute_event_loop_cycle)/, is: 'carrier' },
    { operation: /./, is: 'neither' },
    { scope: /./, is: 'neither' },
  ],
  // The counts are the model provider's, and Bedrock, its default, and Anthropic leave the cache out.
  input_basis: [
    { provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' },
    { scope: /./, is: 'additive' },
  ],
};
