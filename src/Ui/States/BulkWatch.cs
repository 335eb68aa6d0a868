using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>Tells the parts of a page when an act on many of its person ended, whoever began it. One per circuit; the line at the foot of the page is the one that looks.</summary>
public sealed class BulkWatch
{
    private readonly Dictionary<Guid, BulkState> _ended = [];

    /// <summary>Raised once for each act that ended while the console was open.</summary>
    public event Action<BulkState>? Ended;

    /// <summary>How an act ended, if that was seen here.</summary>
    public BulkState? EndOf(Guid id) => _ended.GetValueOrDefault(id);

    internal void Tell(BulkState state)
    {
        if (_ended.TryAdd(state.Id, state))
            Ended?.Invoke(state);
    }
}
