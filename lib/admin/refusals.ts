/** Publishes that were refused, by node, in memory: they never became a delivery, so no trace tells of them. */
import { type Clock } from '../clock'
import { bareOf } from '../model/jid'
import { type PublishAnswer, type PublishRequest } from '../model/request'
import { type Refusal } from './questions'

const MOST_NODES = 1_000
const MOST_PER_NODE = 5
/** A node is anyone's text; of a longer one only the beginning counts. */
const LONGEST_NODE = 256

type Decide = (request: PublishRequest) => Promise<PublishAnswer>

export interface Refusals {
  /** The same decisions, each refusal among them remembered. */
  watch(decide: Decide): Decide
  /** Newest first. */
  of(node: string): readonly Refusal[]
}

/** In memory of its own: a part of a text keeps all of it alive in V8, and what is parsed is part of a read of up to 2 MiB. */
function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}

function whyOf(answer: Exclude<PublishAnswer, { is: 'accepted' }>): string {
  switch (answer.is) {
    case 'trouble':
    case 'nowhere':
      return answer.why
    case 'unknown-node':
      return 'no device is registered at this node'
    case 'foreign-publisher':
      return 'the publisher is neither the server of the account nor in access.publish'
    case 'wrong-secret':
      return 'the publish carries no secret of this account'
    case 'malformed':
      return answer.text
  }
}

/** The node that was refused longest ago is forgotten first. */
export function makeRefusals(clock: Clock): Refusals {
  const nodes = new Map<string, readonly Refusal[]>()

  function note(request: PublishRequest, answer: Exclude<PublishAnswer, { is: 'accepted' }>): void {
    const node = copied((request.node ?? '').slice(0, LONGEST_NODE))
    const service = copied(request.service)
    const publisher = copied(bareOf(request.publisher))
    const refusal = { at: clock.now(), service, publisher, answer: answer.is, why: whyOf(answer) }
    const before = nodes.get(node) ?? []
    nodes.delete(node)
    nodes.set(node, [refusal, ...before].slice(0, MOST_PER_NODE))
    const [oldest] = nodes.keys()
    if (nodes.size > MOST_NODES && oldest !== undefined) nodes.delete(oldest)
  }

  return Object.freeze({
    watch:
      (decide: Decide): Decide =>
      (request) =>
        decide(request).then((answer) => {
          if (answer.is !== 'accepted') note(request, answer)
          return answer
        }),
    of: (node: string) => nodes.get(node.slice(0, LONGEST_NODE)) ?? [],
  })
}
