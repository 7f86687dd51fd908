/** Our settings as they come together from another service's: what was taken from where, what was left, which secrets go into files. */
import { isAbsolute, join } from 'node:path'
import { Opaque } from '../model/opaque'
import { type ForeignObject } from './foreign-object'
import { type LeftOut, type Secret, type SettingsPlace, type Translation } from './import'

/** A credential as the configuration names it. */
export interface NamedFile {
  readonly file: string
}

export interface AppDraft {
  readonly name: string
  /** A key of the app; nothing where there is no value. `from`: their path. */
  put(key: string, value: unknown, from: string): void
}

export interface Draft {
  /** A key at the top; nothing where there is no value. */
  put(key: string, value: unknown, from: string): void
  /** An app of a name that our configuration takes; further ones of the same name are numbered. */
  app(name: string, provider: 'apns' | 'fcm' | 'webpush', profile: string, from: string): AppDraft
  /** A file of theirs, absolute. */
  file(path: string | undefined): NamedFile | undefined
  /** A secret that stood in the settings themselves, to be kept in a file of its own. */
  secret(name: string, value: string | undefined): NamedFile | undefined
  leave(where: string, why: string, mend: string): void
  /** Leaves what stands there, if something does. */
  leaveKey(object: ForeignObject, key: string, why: string, mend: string): void
  done(root: ForeignObject): Translation
}

const STORE = { kind: 'sqlite', file: 'data/xmpp-push.db' }

/** Letters, digits and a few marks, as the configuration wants names of apps. */
function sayable(name: string): string {
  return name.replace(/[^\w.:@+~-]+/g, '-').slice(0, 120) || 'app'
}

export function makeDraft({ folder }: SettingsPlace): Draft {
  const top: Record<string, unknown> = {}
  const apps: Record<string, Record<string, unknown>> = {}
  const secrets: Secret[] = []
  const taken: { from: string; to: string }[] = []
  const left: LeftOut[] = []

  function app(wanted: string, provider: string, profile: string, from: string): AppDraft {
    const base = sayable(wanted)
    let name = base
    for (let number = 2; Object.hasOwn(apps, name); number++) name = `${base}-${number}`
    const keys: Record<string, unknown> = { provider, profile }
    apps[name] = keys
    taken.push({ from, to: `apps.${name}` })
    return Object.freeze({
      name,
      put(key: string, value: unknown, from: string) {
        if (value === undefined) return
        keys[key] = value
        taken.push({ from, to: `apps.${name}.${key}` })
      },
    })
  }

  return Object.freeze({
    put(key: string, value: unknown, from: string) {
      if (value === undefined) return
      top[key] = value
      taken.push({ from, to: key })
    },
    app,
    file: (path: string | undefined) =>
      path === undefined ? undefined : { file: isAbsolute(path) ? path : join(folder, path) },
    secret(name: string, value: string | undefined) {
      if (value === undefined) return undefined
      const file = `${sayable(name)}.secret`
      secrets.push({ file, value: new Opaque(value) })
      return { file }
    },
    leave: (where: string, why: string, mend: string) => void left.push({ where, why, mend }),
    leaveKey(object: ForeignObject, key: string, why: string, mend: string) {
      if (object.has(key)) left.push({ where: object.path === '' ? key : `${object.path}.${key}`, why, mend })
    },
    done(root: ForeignObject) {
      for (const where of root.unread()) {
        left.push({
          where,
          why: 'is nothing that this program knows',
          mend: 'Look it up there, and in docs/configuration.md',
        })
      }
      const { component, ...rest } = top
      const settings = { ...(component === undefined ? {} : { component }), store: STORE, apps, ...rest }
      return { settings, secrets, taken, left }
    },
  })
}

/** What services without XMPP can't tell. */
export function leaveComponent(draft: Draft, peer: string): void {
  draft.leave(
    'component',
    `${peer} is no component of an XMPP server, and this program is one`,
    'Write component: { domain, service, secret } as docs/configuration.md tells, and a component of that name at the server',
  )
}
