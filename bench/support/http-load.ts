import { Agent, request } from 'node:http';

/** What a load run saw. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

function getOnce(agent: Agent, url: URL, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, headers }, (response) => {
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url.pathname} answered ${response.statusCode}`));
      });
      response.resume();
    });
    call.on('error', reject);
    call.end();
  });
}

/** `total` GETs over `connections` kept-alive connections, each sending its next one when it has its answer. */
export async function loadHttp(options: {
  /** URL of the n-th request. */
  readonly url: (n: number) => string;
  readonly headers?: Record<string, string>;
  readonly connections: number;
  readonly total: number;
}): Promise<LoadResult> {
  const { connections, total, headers = {} } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times = new Float64Array(total);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) {
      const begun = performance.now();
      await getOnce(agent, new URL(options.url(n)), headers);
      times[n] = performance.now() - begun;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  times.sort();
  return { requestsPerSecond: total / seconds, p99Ms: times[Math.floor(total * 0.99)] ?? 0 };
}
