namespace Appliance.Ui;

/// <summary>One bar of a histogram.</summary>
/// <param name="From">Start of the bucket.</param>
/// <param name="Counts">One count per series, in the order of the series.</param>
public sealed record Bucket(DateTimeOffset From, IReadOnlyList<long> Counts)
{
    /// <summary>All series together.</summary>
    public long Sum => Counts.Sum();
}

/// <summary>A stacked part of every bar.</summary>
/// <param name="Text">Its name, already translated.</param>
/// <param name="Style"><c>informational low medium high critical</c> for severities, or <c>a b c d</c>.</param>
public sealed record Series(string Text, string Style = "a");

/// <summary>A span of time chosen by brushing.</summary>
/// <param name="From">Included.</param>
/// <param name="To">Excluded.</param>
public sealed record TimeSpanChoice(DateTimeOffset From, DateTimeOffset To);
