namespace Appliance.Ticketing.Incidents;

/// <summary>How severe an incident is: from its impact and its urgency, as one table. 1 is the worst.</summary>
internal static class Priority
{
    /// <summary>Impact: 1 wide (many organisations, or essential services), 2 one organisation, 3 a few people. Urgency: 1 goes on now, 2 soon, 3 can wait.</summary>
    private static readonly int[,] s_table =
    {
        { 1, 2, 3 },
        { 2, 3, 4 },
        { 3, 4, 4 },
    };

    /// <summary>The severity of <paramref name="impact"/> and <paramref name="urgency"/>, each 1 to 3.</summary>
    public static int Of(int impact, int urgency) => s_table[impact - 1, urgency - 1];
}
