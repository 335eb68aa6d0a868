using System.Collections.Immutable;
using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>Somebody at a page.</summary>
/// <param name="Person">Who.</param>
/// <param name="Name">Shown to colleagues.</param>
/// <param name="Writes">True while they type there.</param>
public sealed record Present(UserId Person, string Name, bool Writes);

/// <summary>
/// Who is at which page now, so that two people do not answer the same mail. Kept in memory: it is true for the moment alone, and a circuit that ends leaves with it. Safe from any thread.
/// </summary>
/// <param name="clock">Tells how long ago somebody typed.</param>
public sealed class PagePresence(TimeProvider clock)
{
    private static readonly TimeSpan s_writes = TimeSpan.FromSeconds(10);

    private ImmutableDictionary<string, ImmutableList<Visit>> _places = ImmutableDictionary<string, ImmutableList<Visit>>.Empty.WithComparers(StringComparer.Ordinal);

    /// <summary>Raised with the place where somebody came, left or began to type; from any thread.</summary>
    public event Action<string>? Changed;

    /// <summary>Comes to <paramref name="place"/>, a page's path; leaves it when the answer is disposed.</summary>
    public IDisposable Enter(Viewer viewer, string place)
    {
        var visit = new Visit(this, viewer.Id, viewer.Name, place);
        ImmutableInterlocked.AddOrUpdate(ref _places, place, [visit], (_, known) => known.Add(visit));
        Changed?.Invoke(place);
        return visit;
    }

    /// <summary>Notes that <paramref name="viewer"/> types at <paramref name="place"/>: a page's path, or one of its fields after <c>#</c>.</summary>
    public void Types(Viewer viewer, string place)
    {
        place = place.Split('#')[0];
        var began = false;
        foreach (var visit in At(place).Where(v => v.Person == viewer.Id))
        {
            began |= !Writes(visit);
            visit.TypedAt = clock.GetTimestamp();
        }

        if (began)
            Changed?.Invoke(place);
    }

    /// <summary>Who else is at <paramref name="place"/>, each once, by name.</summary>
    public IReadOnlyList<Present> Others(Viewer viewer, string place) =>
        [.. At(place).Where(v => v.Person != viewer.Id).GroupBy(v => v.Person).Select(g => new Present(g.Key, g.First().Name, g.Any(Writes))).OrderBy(p => p.Name, StringComparer.CurrentCulture)];

    private ImmutableList<Visit> At(string place) => _places.GetValueOrDefault(place, []);

    private bool Writes(Visit visit) => visit.TypedAt is { } at && clock.GetElapsedTime(at) < s_writes;

    private void Leave(Visit visit)
    {
        // The last one out takes the place along, so that a year of incidents leaves nothing behind.
        while (true)
        {
            var before = _places;
            var left = before.GetValueOrDefault(visit.Place, []).Remove(visit);
            var after = left.IsEmpty ? before.Remove(visit.Place) : before.SetItem(visit.Place, left);
            if (ReferenceEquals(Interlocked.CompareExchange(ref _places, after, before), before))
                break;
        }

        Changed?.Invoke(visit.Place);
    }

    private sealed class Visit(PagePresence owner, UserId person, string name, string place) : IDisposable
    {
        private long _typedAt = -1;
        private int _left;

        public UserId Person => person;

        public string Name => name;

        public string Place => place;

        public long? TypedAt
        {
            get => Interlocked.Read(ref _typedAt) is >= 0 and var at ? at : null;
            set => Interlocked.Exchange(ref _typedAt, value ?? -1);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                owner.Leave(this);
        }
    }
}
