namespace Appliance.Sensing.Grouping;

/// <summary>Why a group deserves a look, 0 to 100, with the reasons in words. The part for the count is added in SQL as alerts join.</summary>
internal static class Score
{
    /// <summary>The most that the number of alerts adds; <c>floor(3 × log10(count))</c> up to it.</summary>
    public const int CountLimit = 10;

    /// <summary>Rules made from indicators have their own range of signature ids.</summary>
    public static bool IsIndicator(int gid, long sid) => gid == 1 && sid is >= 9_100_000 and <= 9_899_999;

    public static (short Base, string[] Reasons) Of(int severity, bool isNew, bool constituent, bool indicator)
    {
        var reasons = new List<string>(4) { severity switch { 1 => "severity-1", 2 => "severity-2", 3 => "severity-3", _ => "severity-4" } };
        var score = severity switch { 1 => 55, 2 => 35, 3 => 20, _ => 10 };
        Add(isNew, 15, "new-signature");
        Add(constituent, 10, "constituent");
        Add(indicator, 20, "watchlist");
        return ((short)Math.Min(score, 100), [.. reasons]);

        void Add(bool applies, int points, string reason)
        {
            if (!applies)
                return;
            score += points;
            reasons.Add(reason);
        }
    }
}
