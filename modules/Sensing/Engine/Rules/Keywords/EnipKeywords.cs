using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Enip;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to EtherNet/IP messages.</summary>
internal static class EnipKeywords
{
    public static void Command(RuleBuilder b, string keyword, string? value)
    {
        uint command = RuleParser.Unsigned(keyword, value);
        if (command > 65535) throw new RuleException(keyword, "is a number of 16 bits");
        b.AddTest(BufferId.EnipTest, new AppTest<EnipTransaction>((tx, _) => tx.Command == command));
    }

    /// <summary>service[,class[,attribute]].</summary>
    public static void Service(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length > 3) throw new RuleException(keyword, "has the form service[,class[,attribute]]");
        uint service = RuleParser.Unsigned(keyword, parts[0]);
        if (service > 127) throw new RuleException(keyword, "a service lies between 0 and 127");
        long inClass = parts.Length > 1 ? RuleParser.Unsigned(keyword, parts[1]) : -1, attribute = parts.Length > 2 ? RuleParser.Unsigned(keyword, parts[2]) : -1;
        if (inClass > 65535 || attribute > 65535) throw new RuleException(keyword, "class and attribute are numbers of 16 bits");
        b.AddTest(BufferId.EnipTest, new AppTest<EnipTransaction>((tx, _) =>
            tx.Services.Exists(s => s.Service == service && (inClass < 0 || s.Class == inClass) && (attribute < 0 || s.Attribute == attribute))));
    }
}
