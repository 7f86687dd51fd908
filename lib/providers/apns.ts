/**
 * Apple Push Notification service over HTTP/2: https://developer.apple.com/documentation/usernotifications. One attempt, to the environment it
 * names. Refuses to know when to try again, and which token to forget.
 */
import { createPublicKey } from 'node:crypto'
import { type Outcome } from '../model/outcome'
import { type Environment } from '../model/registration'
import { readCredential, type ApnsCredential } from './apns-credential'
import { apnsOptions, settingsOf, type ApnsOptions } from './apns-options'
import { makeApnsSender, type ApnsSender } from './apns-sender'
import { credentialName } from './credential-name'
import { type Attempt, type Finding, type Provider, type ProviderKind, type ProviderSurroundings } from './provider'
import { proxyFindings, proxyPart } from './through-proxy'

export { type ApnsOptions } from './apns-options'

const GRACE = 15_000

function check(options: ApnsOptions, now: number): readonly Finding[] {
  const all = settingsOf(options)
  if ('text' in all) return [{ is: 'fault', ...all }]
  const topic: Finding = options.topic.endsWith('.voip')
    ? { is: 'warning', text: `topic is ${options.topic}`, mend: 'Name the bundle id; .voip is added where it belongs' }
    : { is: 'fact', text: `topic ${options.topic}` }
  const findings = all.flatMap((settings): readonly Finding[] => [
    { is: 'fact', text: `environment ${settings.environment}, sends to ${settings.endpoint}` },
    ...proxyFindings(settings.proxy),
    ...readCredential(settings, now).findings,
  ])
  // What two environments share is said once.
  const said = new Set<string>()
  return [topic, ...findings].filter(({ text }) => !said.has(text) && said.add(text))
}

/** What tells a key or certificate from every other. */
function partsOf(credential: ApnsCredential): readonly (string | Uint8Array)[] {
  if (credential.by === 'certificate') return [credential.cert]
  const { teamId, keyId, key } = credential
  return [teamId, keyId, createPublicKey(key).export({ type: 'spki', format: 'der' })]
}

function open(options: ApnsOptions, surroundings: ProviderSurroundings): Provider {
  const { app, clock } = surroundings
  const all = settingsOf(options)
  if ('text' in all) throw new Error(`app ${app}: ${all.text}. ${all.mend}`)
  const senders = new Map<Environment, ApnsSender>()
  const parts: (string | Uint8Array | undefined)[] = []
  for (const settings of all) {
    const { credential, ca, findings } = readCredential(settings, clock.now())
    const fault = findings.find((finding) => finding.is === 'fault')
    if (credential === undefined || fault !== undefined) {
      throw new Error(`app ${app}: ${fault?.text ?? 'no credential'}. ${fault?.mend ?? ''}`)
    }
    senders.set(settings.environment, makeApnsSender({ settings, credential, ca }, surroundings))
    parts.push(settings.endpoint, ...partsOf(credential), ca)
  }
  const usual = all[0]?.environment

  return Object.freeze({
    environments: all.map(({ environment }) => environment),
    credential: credentialName('apns', proxyPart(options.proxy), ...parts),
    get concurrency() {
      return Math.max(...[...senders.values()].map((sender) => sender.concurrency()))
    },
    async attempt(attempt: Attempt): Promise<Outcome> {
      const { content, environment = usual } = attempt
      if (content.speaks !== 'apns') return { is: 'refused', why: `written for ${content.speaks}, not for APNs` }
      const sender = environment === undefined ? undefined : senders.get(environment)
      if (sender === undefined) {
        const mend = `Add ${environment ?? 'it'} to environments in the configuration of app ${app}`
        return { is: 'misconfigured', why: `the app has no environment ${environment ?? ''}`, mend }
      }
      return sender.send(attempt, content)
    },
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close(GRACE)))
    },
  })
}

const kind: ProviderKind<ApnsOptions> = {
  kind: 'apns',
  speaks: 'apns',
  options: apnsOptions,
  /** Apple calls its tokens opaque and of varying length: at most 100 bytes, in hexadecimal digits whose case doesn't matter. */
  address: (raw) => (/^(?:[0-9a-f]{2}){32,100}$/i.test(raw) ? raw.toLowerCase() : undefined),
  /** Of APNs' 4096 bytes the rest is for the alert that is seen if the app can't decrypt, the account's name, and the keys. */
  maxEncryptedSize: 3000,
  check: async (options, now) => check(options, now),
  open,
}

/** APNs as a kind of provider. */
export const apns = Object.freeze(kind)
