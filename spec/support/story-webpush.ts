/** Sentences of a story about browsers and what their push service brings them; only what they can decrypt counts. */
import { type WebPushRowName, webPushRows } from '../../lib/sim/webpush-rows'
import { type WebPushSimulator, type WebPushSubscription } from '../../lib/sim/webpush'
import { type House } from './house'
import { expectMatch, jsonDiffers, splitDetail, type Ending, type Sentence } from './story'
import { differs, fill } from './xml-pattern'

/** Sentences, and what must hold at the end of the story. */
export function webPushSentences(
  push: WebPushSimulator,
  house: House,
): { readonly sentences: readonly Sentence[]; readonly ending: Ending } {
  const subscriptions = new Map<string, WebPushSubscription>()
  const secrets: string[] = []
  let seen = 0

  const of = (name: string): WebPushSubscription => {
    const found = subscriptions.get(name)
    if (found === undefined) throw new Error(`nobody subscribed as ${name}`)
    return found
  }

  const sentences: readonly Sentence[] = [
    [
      /^(\S+) subscribes (?:with the key (\S+)|without a key)$/,
      ({ known }, [name = '', key]) => {
        const given = push.subscribe(key === undefined ? {} : { applicationServerKey: fill(key, known) })
        subscriptions.set(name, given)
        secrets.push(new URL(given.endpoint).pathname, given.keys.auth, given.keys.p256dh)
        known.set(`${name}-endpoint`, given.endpoint)
        known.set(`${name}-p256dh`, given.keys.p256dh)
        known.set(`${name}-auth`, given.keys.auth)
      },
    ],
    [
      /^the push service brings (\S+)$/,
      async ({ known }, [name = ''], detail) => {
        const number = (seen += 1)
        await push.waitFor(() => push.journal.length >= number)
        const request = push.journal[number - 1]
        if (request?.subscription !== of(name)) throw new Error(`the push is not for ${name}`)
        const { headers, json } = splitDetail(detail)
        for (const [header, wanted] of headers) {
          const value = request.headers[header]
          const wrong = value === undefined ? 'it is missing' : differs(value, wanted, known)
          expectMatch(`Web Push, ${header}`, wanted === '-' ? (value === undefined ? undefined : 'it is there') : wrong)
        }
        if (request.message.is !== 'opened')
          throw new Error(`${name} can't decrypt it: ${JSON.stringify(request.message)}`)
        const plain = JSON.parse(request.message.plaintext.toString('utf8')) as unknown
        if (json !== undefined) expectMatch('what was decrypted', jsonDiffers(plain, json, known))
      },
    ],
    [/^(\S+) unsubscribes$/, (_scene, [name = '']) => of(name).become('gone')],
    [
      /^the push service will answer (.+)$/,
      (_scene, [row = '']) => {
        if (!Object.hasOwn(webPushRows, row)) throw new Error(`no push service knows "${row}"`)
        push.inject({ is: 'row', row: row as WebPushRowName }, { times: 1 })
      },
    ],
    [
      /^the push service gets (\d+) pushes in all$/,
      async (_scene, [count]) => {
        await house.rest()
        expect(push.journal.length).toBe(Number(count))
        seen = push.journal.length
      },
    ],
    [
      /^nothing more reaches the push service$/,
      async () => {
        await house.rest()
        expect(push.journal.length).toBe(seen)
      },
    ],
  ]
  return {
    sentences,
    ending() {
      expect(push.violations).toEqual([])
      const told = house.log.join('')
      expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
    },
  }
}
