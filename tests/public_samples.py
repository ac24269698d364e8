"""Made samples of public data sets, each with the header and the forms of the original; by the name of its mapping."""

V = ",".join(f'"V{number}"' for number in range(1, 29))
PARTS = ",".join(f"-0.{number:02d}" for number in range(1, 29))
IEEE_MIDDLE = ",".join(
    [f"C{n}" for n in range(1, 15)]
    + [f"D{n}" for n in range(1, 16)]
    + [f"M{n}" for n in range(1, 10)]
    + [f"V{n}" for n in range(1, 340)]
)
IEEE_VALUES = ",".join(["1.0"] * 14 + ["14.0"] + [""] * 14 + ["T"] * 3 + ["M2"] + ["F"] * 5 + ["1.0"] * 339)

SAMPLES = {
    "ulb_credit_card": f'"Time",{V},"Amount","Class"\n0,{PARTS},149.62,"0"\n1,{PARTS},2.69,"0"\n406,{PARTS},0,"1"\n',
    "sparkov": (
        ",trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,job,"
        "dob,trans_num,unix_time,merch_lat,merch_long,is_fraud\n"
        '0,2019-01-01 00:00:18,2703186189652095,"fraud_Rippin, Kub and Mann",misc_net,4.97,Jennifer,Banks,F,561 Perry Cove,'
        'Moravian Falls,NC,28654,36.0788,-81.1781,3495,"Psychologist, counselling",1988-03-09,'
        "0b242abb623afc578575680df30655b9,1325376018,36.011293,-82.048315,0\n"
        "1,2019-01-02 01:06:37,4613314721966,fraud_Ruth,grocery_pos,281.06,Jason,Murphy,M,542 Steve Curve,Collettsville,NC,"
        "28611,35.9946,-81.7266,885,Soil scientist,1988-09-15,e8a81877ae9a0a7f883e15cb39dc4022,1325466397,36.430124,"
        "-81.179483,1\n"
    ),
    "paysim": (
        "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud,isFlaggedFraud\n"
        "1,PAYMENT,9839.64,C1231006815,170136.0,160296.36,M1979787155,0.0,0.0,0,0\n"
        "1,TRANSFER,181.0,C1305486145,181.0,0.0,C553264065,0.0,0.0,1,0\n"
        "743,CASH_OUT,850002.52,C1280323807,850002.52,0.0,C873221189,6510099.11,7360101.63,1,0\n"
    ),
    "banksim": (
        "step,customer,age,gender,zipcodeOri,merchant,zipMerchant,category,amount,fraud\n"
        "0,'C1093826151','4','M','28007','M348934600','28007','es_transportation',4.55,0\n"
        "0,'C352968107','2','M','28007','M348934600','28007','es_transportation',39.68,0\n"
        "179,'C1978250683','U','E','28007','M1823072687','28007','es_travel',1000.5,1\n"
    ),
    "ieee_cis": (
        "TransactionID,isFraud,TransactionDT,TransactionAmt,ProductCD,card1,card2,card3,card4,card5,card6,addr1,addr2,dist1,"
        f"dist2,P_emaildomain,R_emaildomain,{IEEE_MIDDLE}\n"
        f"2987000,0,86400,68.5,W,13926,,150.0,discover,142.0,credit,315.0,87.0,19.0,,,,{IEEE_VALUES}\n"
        f"2987001,1,86401,29.0,W,2755,404.0,150.0,mastercard,102.0,credit,325.0,87.0,,,gmail.com,,{IEEE_VALUES}\n"
    ),
    "tabformer": (
        "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,Merchant State,Zip,MCC,Errors?,Is Fraud?\n"
        "0,0,2002,9,1,06:21,$134.09,Swipe Transaction,3527213246127876953,La Verne,CA,91750.0,5300,,No\n"
        "0,0,2015,11,15,12:55,$-99.00,Online Transaction,-9092677072201095172, ONLINE,,,4900,,Yes\n"
        '1,2,2002,9,1,06:20,"$1,128.44",Chip Transaction,3527213246127876953,Rome,Italy,,5300,"Bad PIN,",No\n'
    ),
    "handbook": (
        "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,"
        "TX_FRAUD_SCENARIO\n"
        "0,2018-04-01 00:00:31,596,3156,57.16,31,0,0,0\n"
        "1,2018-04-01 00:02:10,4961,3412,81.51,130,0,1,2\n"
    ),
    "aws_fraud_detector": (
        "EVENT_LABEL,EVENT_TIMESTAMP,LABEL_TIMESTAMP,EVENT_ID,ENTITY_TYPE,ENTITY_ID,card_bin,customer_name,billing_street,"
        "billing_city,billing_state,billing_zip,billing_latitude,billing_longitude,billing_country,customer_job,ip_address,"
        "customer_email,billing_phone,user_agent,product_category,order_price,payment_currency,merchant\n"
        "0,2022-11-07T15:18:25Z,2022-11-07T15:18:25Z,1caa,customer,490-56-4431,065646,Jessica,44726 Centers,Springs,CO,"
        "80921,39.0487,-104.814,US,Dancer,163.63.10.242,a@b.com,1-244,Opera/8.25.(X11; Linux i686),misc_net,17.34,ETB,"
        "fraud_Lebsack and Sons\n"
        ",2022-11-07T15:51:48Z,,174a,customer,398-20-6447,404409,Ana,10 Way,Robins,GA,31098,32.6181,-83.5739,US,Curator,"
        "72.239.175.244,c@d.com,+1-099,Opera/8.22,misc_net,810.3,LRD,fraud_Nienow\n"
    ),
}
