import * as echarts from 'echarts';
import type { CaseFigures, SuiteFigures } from '../suite';

const WIDTH = 860;
const BAR_HEIGHT = 22;
const COLOURS = ['#9aa5b1', '#0b7285', '#e8590c', '#7048e8', '#c2255c', '#5c940d', '#a61e4d'];

/** The figures of a suite as an SVG picture: bars, or lines where the cases show growth. */
export function chartOf(suite: SuiteFigures): string {
  const grows = suite.cases.every(({ x }) => x !== undefined);
  const names = contendersOf(suite.cases);
  const height = grows ? 420 : 110 + suite.cases.length * names.length * BAR_HEIGHT;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    title: { text: suite.title, subtext: `median ${suite.unit}, less is better`, left: 12, top: 8 },
    legend: { top: 58, left: 12 },
    grid: { left: 12, right: 60, top: 92, bottom: 12, containLabel: true },
    ...(grows ? lines(suite, names) : bars(suite, names)),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function lines({ cases }: SuiteFigures, names: readonly string[]): echarts.EChartsOption {
  return {
    xAxis: { type: 'log', name: '', axisLabel: { hideOverlap: true } },
    yAxis: { type: 'log' },
    series: names.map((name) => ({
      name,
      type: 'line' as const,
      data: cases.map((each) => [each.x ?? 0, figureOf(each, name)]),
    })),
  };
}

function bars(suite: SuiteFigures, names: readonly string[]): echarts.EChartsOption {
  return {
    xAxis: { type: 'value' },
    yAxis: { type: 'category', inverse: true, data: suite.cases.map(({ name }) => name) },
    series: names.map((name) => ({
      name,
      type: 'bar' as const,
      label: { show: true, position: 'right' as const },
      data: suite.cases.map((each) => rounded((figureOf(each, name) ?? NaN) * suite.scale)),
    })),
  };
}

function contendersOf(cases: readonly CaseFigures[]): string[] {
  return [...new Set(cases.flatMap(({ timings }) => timings.map(({ contender }) => contender)))];
}

function figureOf({ timings, per }: CaseFigures, name: string): number | undefined {
  const timing = timings.find(({ contender }) => contender === name);
  return timing === undefined ? undefined : timing.median / per;
}

function rounded(value: number): number | string {
  return Number.isNaN(value) ? '-' : Number(value.toPrecision(3));
}
