/** A test push to one device, as an operator asks for it. How it is sent, the intake knows. */
import { type Registration } from '../model/registration'
import { type End } from '../model/accounting'
import { type Outcome } from '../model/outcome'
import { type Observe } from '../observe'
import { type Records } from '../stores/store'
import { oneNamed, viewOf } from './devices'
import { type Question, type Reply } from './questions'

/** Milliseconds that whoever asks is willing to wait for the first outcome. */
const LISTEN = 8_000

/** Sends it and waits so many milliseconds for what comes of it. `by`: for its trace. */
export type SendTest = (
  to: Registration,
  by: string,
  listen: number,
) => Promise<
  | {
      readonly is: 'accepted'
      readonly delivery: string
      readonly heard?: { readonly outcome?: Outcome; readonly end?: End }
    }
  | { readonly is: 'failed'; readonly why: string }
>

export interface TestOptions {
  readonly records: Records
  readonly test: SendTest
  /** Why apps are held, by app. */
  readonly held: () => Readonly<Record<string, string>>
  readonly observe: Observe
}

export async function testDevice(
  { records, test, held, observe }: TestOptions,
  { name, by = 'an operator' }: Extract<Question, { ask: 'test' }>,
): Promise<Reply<'test'>> {
  const found = await oneNamed(records, name)
  if ('is' in found) return found
  const answer = await test(found, by, LISTEN)
  if (answer.is === 'failed') return answer
  observe({ at: 'notice', about: 'test push', text: `${by} sent ${answer.delivery} to a device of ${found.owner}` })
  const why = held()[found.app]
  return {
    is: 'answer',
    answer: {
      ...{ device: viewOf(found), delivery: answer.delivery, ...answer.heard },
      ...(why === undefined ? {} : { held: why }),
    },
  }
}
