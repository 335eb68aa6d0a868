using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Nfs;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to NFS calls.</summary>
internal static class NfsKeywords
{
    public static void Version(RuleBuilder b, string keyword, string? value) => NumberTests.Add<NfsTransaction>(b, keyword, value, BufferId.NfsTest, tx => tx.Version);

    public static void Procedure(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        if (compare == Comparison.Range) (first, second) = (first - 1, second + 1); // both ends belong to it here
        b.AddTest(BufferId.NfsTest, new AppTest<NfsTransaction>((tx, _) => tx.HasProcedure(n => Detect.ContentInspector.Compare(n, compare, first, second))));
    }
}
