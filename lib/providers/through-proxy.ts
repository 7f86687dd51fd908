/** What an app's setting `proxy` means for its connections, and what `check` says of it. Connects to nothing. */
import { type ProxySetting } from '../model/proxy'
import { type Proxy } from '../wire/wire'
import { type Finding } from './provider'

/** To be spread into the options of a wire: the proxy, or nothing where there is none. */
export function throughProxy(setting: ProxySetting | undefined): { readonly proxy?: Proxy } {
  return setting === undefined || setting === 'none' ? {} : { proxy: setting }
}

/** The way and who we are on it, for `credentialName` alone; undefined where there is no proxy. */
export function proxyPart(setting: ProxySetting | undefined): string | undefined {
  if (setting === undefined || setting === 'none') return undefined
  return `${setting.shown} ${setting.authorization() ?? ''}`
}

/** Nothing where there is no proxy. */
export function proxyFindings(setting: ProxySetting | undefined): readonly Finding[] {
  return setting === undefined || setting === 'none' ? [] : [{ is: 'fact', text: `through the proxy ${setting.shown}` }]
}
