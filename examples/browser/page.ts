/**
 * A web page that shows records as they come: `npm run --silent example browser/page`.
 *
 * The page's WebSocket goes through this server, as it would through any proxy, so to the gateway the page is one of its
 * own. A page that talks to the gateway directly needs `millrace serve --allow-origin ITS_ORIGIN`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { connect } from 'node:net'

const port = Number(process.env.PORT ?? 8000)
const [gatewayHost = '', gatewayPort = ''] = (process.env.GATEWAY ?? 'localhost:9080').split(':')

/** `@millrace/client/browser`, file by file; a page of your own has it from its bundler. */
const client = new URL('./', import.meta.resolve('@millrace/client/browser'))

const server = createServer((request, response) => {
  const [, file] = /^\/client\/([a-z-]+\.ts)$/.exec(request.url ?? '') ?? []
  if (file !== undefined && existsSync(new URL(file, client))) {
    response.setHeader('content-type', 'text/javascript')
    response.end(stripTypeScriptTypes(readFileSync(new URL(file, client), 'utf8')))
  } else if (request.url?.split('?')[0] === '/') {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(readFileSync(new URL('index.html', import.meta.url)))
  } else {
    response.writeHead(404).end()
  }
})

server.on('upgrade', ({ method, rawHeaders, url }, page, head) => {
  const gateway = connect(Number(gatewayPort), gatewayHost, () => {
    const headers = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
    gateway.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`)
    gateway.write(head)
    page.pipe(gateway).pipe(page)
  })
  page.on('error', () => gateway.destroy()).on('close', () => gateway.destroy())
  gateway.on('error', () => page.destroy()).on('close', () => page.destroy())
})

server.listen(port, 'localhost', () => console.log(`Open http://localhost:${port} in a browser`))
