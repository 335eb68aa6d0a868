using Appliance.Contracts;

namespace Appliance.Consoles.Wall;

/// <summary>The figures of all modules as the signed-in screen may see them, the most urgent first. Counts only: nothing on the wall names a person.</summary>
internal sealed class WallNumbers(IEnumerable<IFigures> sources)
{
    private const int Most = 9;

    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        var figures = new List<Figure>();
        foreach (var source in sources)
            figures.AddRange(await source.ReadAsync(viewer, cancel));
        return [.. figures.Where(f => f.OnHome || f.Tone != FigureTone.Calm).OrderByDescending(f => f.Tone).Take(Most)];
    }
}
